//! A program that sends what it likes, and reads what comes back to the letter.

use std::fmt;

use countersign_tests::gateway::Site;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::{HeaderMap, Request, StatusCode, header};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// A program that sends what it likes.
#[derive(Clone)]
pub(crate) struct Wire {
    /// Where it connects to.
    at: String,
    /// What it takes the server for.
    origin: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// An answer, to the letter.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Wire {
    pub(crate) fn to(site: &Site) -> Self {
        Self::at(&site.url())
    }

    pub(crate) fn at(origin: &str) -> Self {
        Self::by(origin, origin)
    }

    /// Connects to one address, and says that it means another.
    pub(crate) fn by(at: &str, origin: &str) -> Self {
        Self {
            at: at.to_owned(),
            origin: origin.to_owned(),
            client: Client::builder(TokioExecutor::new()).build_http(),
        }
    }

    /// Sends a request. Headers that are given twice are sent twice.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.at));
        if self.at != self.origin && !headers.iter().any(|(name, _)| *name == "host") {
            let host = self.origin.split_once("://").map_or("", |(_, it)| it);
            request = request.header("host", host);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = Full::new(Bytes::from(body.to_owned()));
        let request = request.body(body).expect("it is a request");
        let answer = self.client.request(request).await.expect("it answers");
        let (head, body) = answer.into_parts();
        let body = body.collect().await.expect("it is whole").to_bytes();
        Answer {
            status: head.status,
            headers: head.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    /// Opens a page with these cookies.
    pub(crate) async fn page(&self, path: &str, cookies: &str) -> Answer {
        let headers = [("accept", "text/html"), ("cookie", cookies)];
        self.send("GET", path, &headers, "").await
    }

    /// Sends a form with these cookies, as a browser would.
    pub(crate) async fn form(&self, path: &str, cookies: &str, fields: &[(&str, &str)]) -> Answer {
        let headers = [
            ("origin", self.origin.as_str()),
            ("sec-fetch-site", "same-origin"),
            ("content-type", FORM),
            ("cookie", cookies),
        ];
        self.send("POST", path, &headers, &encoded(fields)).await
    }

    /// Sends JSON to the API with a token, if there is one.
    pub(crate) async fn api(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        json: &str,
    ) -> Answer {
        let path = format!("/countersign/api/v1{path}");
        let bearer = token.map(|it| format!("Bearer {it}"));
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(bearer.as_deref().map(|it| ("authorization", it)));
        self.send(method, &path, &headers, json).await
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns the lines that set cookies.
    pub(crate) fn set_cookies(&self) -> Vec<&str> {
        let lines = self.headers.get_all(header::SET_COOKIE).iter();
        lines.filter_map(|it| it.to_str().ok()).collect()
    }

    /// Says whether it takes a cookie away.
    pub(crate) fn takes(&self, name: &str) -> bool {
        let begins = format!("{name}=;");
        self.set_cookies().iter().any(|it| it.starts_with(&begins))
    }

    /// Returns the value of a cookie that it sets, and does not take away.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        let begins = format!("{name}=");
        let mut lines = self.set_cookies().into_iter();
        let value = lines.find_map(|it| it.strip_prefix(begins.as_str()))?;
        value.split(';').next().filter(|it| !it.is_empty())
    }

    /// Says in short what it is: a status, or where it leads to, without what follows a `?`.
    pub(crate) fn told(&self) -> String {
        match self.header("location") {
            Some(to) if self.status.is_redirection() => {
                let to = to.split('?').next().unwrap_or_default();
                let to = to.split_once("/countersign").map_or(to, |(_, path)| path);
                format!(">{to}")
            }
            _ => self.status.as_u16().to_string(),
        }
    }

    /// Returns the mark of the forms on it.
    pub(crate) fn mark(&self) -> Option<&str> {
        let (_, rest) = self.body.split_once("name=\"form-token\" value=\"")?;
        rest.split('"').next()
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} {}", self.status, self.headers, self.body)
    }
}

pub(crate) fn encoded(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

const FORM: &str = "application/x-www-form-urlencoded";
