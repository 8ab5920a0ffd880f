//! What is on the screen.

use std::fmt;

use hyper::{HeaderMap, StatusCode, header};

/// What is on the screen: an answer, read as a person reads it.
///
/// It reads the gateway's own pages and is no parser of HTML: attributes stand in double quotes, and no tag is in an
/// attribute.
#[derive(Clone)]
pub struct Page {
    path: String,
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Page {
    pub(super) fn new(path: &str, status: StatusCode, headers: HeaderMap, text: String) -> Self {
        Self {
            path: path.to_owned(),
            status,
            headers,
            text,
        }
    }

    /// Makes an empty tab's.
    pub(super) fn blank() -> Self {
        Self::new(
            "about:blank",
            StatusCode::CONTINUE,
            HeaderMap::new(),
            String::new(),
        )
    }

    /// Returns the path and query that it was found at, after all redirects.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns the answer's body as it came.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns where it leads on to, if it is a redirect.
    #[must_use]
    pub fn leads_to(&self) -> Option<&str> {
        match self.status.is_redirection() {
            true => self.header(header::LOCATION.as_str()),
            false => None,
        }
    }

    /// Returns the heading; empty if it has none.
    #[must_use]
    pub fn heading(&self) -> String {
        let found = element(&self.text, "<h1", "</h1>");
        found.map(words).unwrap_or_default()
    }

    /// Returns what went wrong, or well, on top of it.
    #[must_use]
    pub fn alert(&self) -> Option<String> {
        let from = self
            .text
            .find("role=\"alert\"")
            .or_else(|| self.text.find("role=\"status\""))?;
        let rest = self.text.get(from..)?;
        let (_, rest) = rest.split_once('>')?;
        let end = rest
            .find("</div>")
            .or_else(|| rest.find("</p>"))
            .unwrap_or(rest.len());
        rest.get(..end).map(words)
    }

    /// Returns all words that a person reads, with single spaces between them.
    #[must_use]
    pub fn words(&self) -> String {
        words(&self.text)
    }

    /// Says whether a person reads this.
    #[must_use]
    pub fn says(&self, what: &str) -> bool {
        self.words().contains(what)
    }

    /// Says whether there is a form that goes to `action`.
    #[must_use]
    pub fn has_form(&self, action: &str) -> bool {
        self.form(action).is_some()
    }

    /// Says whether there is a link to `path`.
    #[must_use]
    pub fn has_link(&self, path: &str) -> bool {
        self.text.contains(&format!("href=\"{path}\""))
    }

    /// Returns the words of the element with this id, up to its first end tag.
    #[must_use]
    pub fn element(&self, id: &str) -> Option<String> {
        let from = self.text.find(&format!("id=\"{id}\""))?;
        let (_, rest) = self.text.get(from..)?.split_once('>')?;
        rest.split("</").next().map(words)
    }

    /// Returns the fields that the form to `action` sends with these typed, ticked and pressed.
    pub(super) fn filled(
        &self,
        action: &str,
        fields: &[(&str, &str)],
    ) -> Result<Vec<(String, String)>, String> {
        let form = self
            .form(action)
            .ok_or_else(|| format!("{} ({}) has no form to {action}", self.path, self.heading()))?;
        let controls = controls(form);
        for (name, _) in fields {
            if !controls.iter().any(|it| it.name == *name) {
                return Err(format!("the form to {action} has no field {name}"));
            }
        }
        let given = |name: &str| fields.iter().any(|(it, _)| it == &name);
        let held = controls
            .into_iter()
            .filter(|it| it.goes_along && !given(&it.name))
            .map(|it| (it.name, it.value));
        let typed = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Ok(held.chain(typed).collect())
    }

    fn form(&self, action: &str) -> Option<&str> {
        let wanted = format!("action=\"{action}\"");
        self.text.split("<form").skip(1).find_map(|it| {
            let (tag, _) = it.split_once('>')?;
            let inside = it.split("</form>").next()?;
            tag.contains(&wanted).then_some(inside)
        })
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {:?}", self.status, self.path, self.words())
    }
}

/// A field or button of a form.
struct Control {
    name: String,
    value: String,
    /// Whether its value goes along although nobody touched it.
    goes_along: bool,
}

fn controls(form: &str) -> Vec<Control> {
    let tags: Vec<&str> = form
        .split('<')
        .filter_map(|it| it.split('>').next())
        .collect();
    let named = tags.iter().enumerate().filter_map(|(at, tag)| {
        let (element, attributes) = tag.split_once([' ', '\n'])?;
        let kind = attribute(attributes, "type").unwrap_or_default();
        let (goes_along, unset) = match (element, kind.as_str()) {
            ("input", "checkbox" | "radio") => (has_word(attributes, "checked"), "on".to_owned()),
            ("input", kind) => (kind != "submit", String::new()),
            ("button", _) => (false, String::new()),
            ("textarea", _) => (true, String::new()),
            ("select", _) => {
                let rest = tags.iter().skip(at).skip(1);
                let until_end = rest.take_while(|it| !it.starts_with("/select"));
                (true, chosen(until_end.copied()))
            }
            _ => return None,
        };
        Some(Control {
            name: attribute(attributes, "name")?,
            value: attribute(attributes, "value").unwrap_or(unset),
            goes_along,
        })
    });
    named.collect()
}

/// Returns what a choice stands at: the selected option, or else the first.
fn chosen<'a>(tags: impl Iterator<Item = &'a str>) -> String {
    let options: Vec<&str> = tags.filter_map(|it| it.strip_prefix("option ")).collect();
    let selected = options.iter().find(|it| has_word(it, "selected"));
    let chosen = selected.or_else(|| options.first());
    chosen
        .and_then(|it| attribute(it, "value"))
        .unwrap_or_default()
}

/// Returns the value of an attribute.
fn attribute(attributes: &str, name: &str) -> Option<String> {
    let begins = format!("{name}=\"");
    let mut found = attributes.match_indices(&begins).map(|(at, _)| at);
    let at = found.find(|at| {
        let before = attributes.get(..*at).and_then(|it| it.chars().last());
        before.is_none_or(char::is_whitespace)
    })?;
    let rest = attributes.get(at..)?.strip_prefix(&begins)?;
    rest.split('"').next().map(unescaped)
}

fn has_word(attributes: &str, word: &str) -> bool {
    attributes.split_whitespace().any(|it| it == word)
}

fn element<'a>(text: &'a str, begin: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(begin)?;
    let (_, rest) = rest.split_once('>')?;
    rest.split(end).next()
}

/// Takes tags out, and every run of white space for one space.
fn words(html: &str) -> String {
    let mut plain = String::new();
    let mut is_tag = false;
    for it in html.chars() {
        match it {
            '<' => is_tag = true,
            '>' if is_tag => {
                is_tag = false;
                plain.push(' ');
            }
            it if !is_tag => plain.push(it),
            _ => {}
        }
    }
    let words: Vec<&str> = plain.split_whitespace().collect();
    unescaped(&words.join(" "))
        .replace(" .", ".")
        .replace(" ,", ",")
}

/// Takes character references for what they stand for.
fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let referred = after
            .split_once(';')
            .and_then(|(name, after)| Some((character(name)?, after)));
        match referred {
            Some((it, after)) => {
                plain.push(it);
                rest = after;
            }
            None => {
                plain.push('&');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain
}

fn character(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "nbsp" => ' ',
        number => char::from_u32(number.strip_prefix('#')?.parse().ok()?)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> Page {
        Page::new("/a", StatusCode::OK, HeaderMap::new(), text.to_owned())
    }

    #[test]
    fn a_form_takes_along_what_it_holds_and_what_is_typed() {
        let page = page(
            "<h1>A &#38; b</h1><form method=\"post\" action=\"/b\">\
             <input type=\"hidden\" name=\"mark\" value=\"x&quot;y\"><input id=\"c\" name=\"code\" value=\"\" required>\
             <select name=\"d\"><option value=\"1\">1<option value=\"2\" selected>2</select>\
             <input type=\"checkbox\" name=\"saved\" value=\"yes\"><button name=\"answer\" value=\"now\">Go</button></form>",
        );
        let fields = page.filled("/b", &[("code", "1")]).expect("it is there");
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            fields,
            [pair("mark", "x\"y"), pair("d", "2"), pair("code", "1")]
        );
        assert_eq!(page.heading(), "A & b");
        assert!(page.filled("/c", &[]).is_err());
        assert!(page.filled("/b", &[("other", "1")]).is_err());
    }

    #[test]
    fn an_alert_is_read_without_its_tags() {
        let page =
            page("<div class=\"alert\" role=\"alert\" id=\"alert\"><p>No.</p><p>At 5.</p></div>");
        assert_eq!(page.alert().as_deref(), Some("No. At 5."));
    }
}
