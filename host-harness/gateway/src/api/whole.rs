//! Whole numbers within bounds, refused before anything looks at them.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

/// From 0 to `MOST`.
#[derive(Clone, Copy)]
pub(super) struct Whole<const MOST: u64>(u64);

/// Seconds since 1970: until the end of the year 9999.
pub(super) type Instant = Whole<253_402_300_799>;

/// A position, or a revision: as far as JSON's numbers are whole in every language.
pub(super) type Ordinal = Whole<9_007_199_254_740_991>;

/// Seconds of a span.
pub(super) type Span = Whole<4_294_967_295>;

impl<const MOST: u64> Whole<MOST> {
    /// Takes a number that is ours, and not above what can be written.
    pub(super) fn capped(number: u64) -> Self {
        Self(number.min(MOST))
    }

    pub(super) fn get(self) -> u64 {
        self.0
    }
}

impl<'de, const MOST: u64> Deserialize<'de> for Whole<MOST> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // Not `any`: parameters of a query are text until a number is asked for.
        from.deserialize_u64(Bounds { most: MOST }).map(Self)
    }
}

impl<const MOST: u64> Serialize for Whole<MOST> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(self.0)
    }
}

/// What is held to while a number is read.
struct Bounds {
    most: u64,
}

impl Visitor<'_> for Bounds {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from 0 to {}", self.most)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<u64, E> {
        match number <= self.most {
            true => Ok(number),
            false => Err(E::invalid_value(
                serde::de::Unexpected::Unsigned(number),
                &self,
            )),
        }
    }

    // JSON has one kind of number: 7.0 is 7.
    fn visit_f64<E: Error>(self, number: f64) -> Result<u64, E> {
        let most = 9_007_199_254_740_991.0;
        if number.fract() != 0.0 || !(0.0..=most).contains(&number) {
            return Err(E::invalid_type(serde::de::Unexpected::Float(number), &self));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is whole, not negative, and at most 2^53 - 1"
        )]
        self.visit_u64(number as u64)
    }
}

impl<const MOST: u64> PartialSchema for Whole<MOST> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::Integer))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .minimum(Some(0))
            .maximum(i64::try_from(MOST).ok())
            .into()
    }
}

impl<const MOST: u64> ToSchema for Whole<MOST> {
    fn name() -> Cow<'static, str> {
        Cow::Owned(format!("WholeTo{MOST}"))
    }
}
