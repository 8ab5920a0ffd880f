//! Text within bounds, refused before anything looks at it.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};
use zeroize::Zeroizing;

/// From `LEAST` to `MOST` characters, none of them a control character.
pub(super) struct Text<const LEAST: usize, const MOST: usize>(Zeroizing<String>);

/// A password as it was typed: 1 to 1024 characters, whichever.
pub(super) struct Password(pub(super) Zeroizing<String>);

impl<const LEAST: usize, const MOST: usize> Text<LEAST, MOST> {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de, const LEAST: usize, const MOST: usize> Deserialize<'de> for Text<LEAST, MOST> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let bounds = Bounds {
            least: LEAST,
            most: MOST,
            is_plain: true,
        };
        from.deserialize_str(bounds).map(Self)
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let bounds = Bounds {
            least: 1,
            most: MOST_PASSWORD,
            is_plain: false,
        };
        from.deserialize_str(bounds).map(Self)
    }
}

/// What is held to while a text is read.
struct Bounds {
    least: usize,
    most: usize,
    is_plain: bool,
}

impl Visitor<'_> for Bounds {
    type Value = Zeroizing<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = match self.is_plain {
            true => " and no control characters",
            false => "",
        };
        write!(
            f,
            "text of {} to {} characters{plain}",
            self.least, self.most
        )
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        let count = text.chars().count();
        let fits = (self.least..=self.most).contains(&count)
            && !(self.is_plain && text.chars().any(char::is_control));
        match fits {
            true => Ok(Zeroizing::new(text.to_owned())),
            // The value is not named: it may be a secret.
            false => Err(E::invalid_length(count, &self)),
        }
    }
}

impl<const LEAST: usize, const MOST: usize> PartialSchema for Text<LEAST, MOST> {
    fn schema() -> RefOr<Schema> {
        string(LEAST, MOST).pattern(Some(PLAIN)).into()
    }
}

impl<const LEAST: usize, const MOST: usize> ToSchema for Text<LEAST, MOST> {
    fn name() -> Cow<'static, str> {
        Cow::Owned(format!("Text{LEAST}To{MOST}"))
    }
}

impl PartialSchema for Password {
    fn schema() -> RefOr<Schema> {
        string(1, MOST_PASSWORD).into()
    }
}

impl ToSchema for Password {}

fn string(least: usize, most: usize) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::String))
        .min_length(Some(least))
        .max_length(Some(most))
}

/// No control characters, as [`char::is_control`] has them.
const PLAIN: &str = r"^[^\x00-\x1F\x7F-\x9F]*$";

/// More than anybody types, and than a manager makes.
const MOST_PASSWORD: usize = 1_024;
