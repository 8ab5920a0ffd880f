//! Cookies, kept as a browser keeps them.

use std::collections::BTreeMap;

/// The cookies of one host, by name.
#[derive(Clone, Default)]
pub(super) struct Cookies(BTreeMap<String, String>);

impl Cookies {
    /// Takes a `Set-Cookie` line.
    ///
    /// A name that begins with `__Host-` promises something about the rest: a browser drops a cookie that breaks it (RFC
    /// 6265bis, section 4.1.3.2), and here it is an error.
    pub(super) fn take(&mut self, line: &str) -> Result<(), String> {
        let mut parts = line.split(';').map(str::trim);
        let pair = parts.next().unwrap_or_default();
        let Some((name, value)) = pair.split_once('=') else {
            return Err("a cookie without a name was set".to_owned());
        };
        let attributes: Vec<String> = parts.map(str::to_lowercase).collect();
        let has = |attribute: &str| attributes.iter().any(|it| it == attribute);
        let is_of_host =
            has("secure") && has("path=/") && !attributes.iter().any(|it| it.starts_with("domain"));
        if name.starts_with("__Host-") && !is_of_host {
            return Err(format!("{name} is set so that a browser drops it"));
        }
        if has("max-age=0") || value.is_empty() {
            self.0.remove(name);
        } else {
            self.put(name, value);
        }
        Ok(())
    }

    pub(super) fn put(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.to_owned());
    }

    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Returns them as they are sent; none if there are none.
    pub(super) fn line(&self) -> Option<String> {
        let pairs: Vec<String> = self.0.iter().map(|(k, v)| format!("{k}={v}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_kept_until_it_is_taken_back() {
        let mut cookies = Cookies::default();
        let rest = "Path=/; Secure; HttpOnly; SameSite=Lax";
        cookies
            .take(&format!("__Host-a=1; {rest}"))
            .expect("it is one");
        cookies.take("b=2").expect("it is one");
        assert_eq!(cookies.line().as_deref(), Some("__Host-a=1; b=2"));
        cookies
            .take(&format!("__Host-a=; Max-Age=0; {rest}"))
            .expect("it is one");
        assert_eq!(cookies.line().as_deref(), Some("b=2"));
    }

    #[test]
    fn a_cookie_that_breaks_the_promise_of_its_name_is_an_error() {
        let mut cookies = Cookies::default();
        assert!(cookies.take("__Host-a=1; Path=/").is_err());
        assert!(cookies.take("__Host-a=1; Secure; Path=/b").is_err());
        assert!(
            cookies
                .take("__Host-a=1; Secure; Path=/; Domain=example.com")
                .is_err()
        );
    }
}
