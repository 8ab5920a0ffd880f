//! Somebody with a browser, as far as a server can tell: it keeps cookies, follows redirects and sends the forms of the
//! page that it has open, each with its hidden fields. It runs no script.

mod cookies;
mod page;

use std::fmt;

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::{Method, Request, StatusCode, header};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use self::cookies::Cookies;
pub use self::page::Page;

/// Somebody with a browser, at one server.
///
/// # Examples
///
/// ```no_run
/// # async fn run() -> Result<(), String> {
/// use countersign_tests::visitor::Visitor;
///
/// let mut ana = Visitor::at("http://127.0.0.1:7400");
/// ana.open("/countersign/sign-in").await?;
/// let page = ana.press("/countersign/sign-in", &[("name", "ana"), ("password", "a long one")]).await?;
/// assert_eq!(page.heading(), "You are signed in");
/// # Ok(())
/// # }
/// ```
pub struct Visitor {
    /// Scheme, host and port: also what the forms are said to come from.
    origin: String,
    client: Client<HttpConnector, Full<Bytes>>,
    cookies: Cookies,
    /// What is on the screen.
    page: Page,
}

impl Visitor {
    /// Makes one that has not been anywhere yet. `origin` is the server's public address, without a path; it is also
    /// connected to.
    #[must_use]
    pub fn at(origin: &str) -> Self {
        Self {
            origin: origin.trim_end_matches('/').to_owned(),
            client: Client::builder(TokioExecutor::new()).build_http(),
            cookies: Cookies::default(),
            page: Page::blank(),
        }
    }

    /// Opens an address of the server, and whatever it leads on to.
    ///
    /// # Errors
    ///
    /// Why there is no page: no answer, or too many redirects.
    pub async fn open(&mut self, path: &str) -> Result<Page, String> {
        let answer = self.send(Method::GET, path, None).await?;
        self.follow(answer).await
    }

    /// Sends the form of the page on the screen that goes to `action`, and opens whatever that leads to. `fields` are what
    /// is typed or ticked, and the button that is pressed; what the form holds already goes along.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), and if there is no such form on the page, or a field that it does not have.
    pub async fn press(&mut self, action: &str, fields: &[(&str, &str)]) -> Result<Page, String> {
        let page = self.page.clone();
        self.press_on(&page, action, fields).await
    }

    /// Sends a form of a page that was on the screen earlier: of another tab, or after the button to go back.
    ///
    /// # Errors
    ///
    /// As [`press`](Self::press).
    pub async fn press_on(
        &mut self,
        page: &Page,
        action: &str,
        fields: &[(&str, &str)],
    ) -> Result<Page, String> {
        let all = page.filled(action, fields)?;
        self.post(action, &all).await
    }

    /// Sends fields, whatever is on the screen, and opens whatever that leads to.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub async fn post(&mut self, path: &str, fields: &[(String, String)]) -> Result<Page, String> {
        let answer = self.send(Method::POST, path, Some(fields)).await?;
        self.follow(answer).await
    }

    /// Asks for an address and shows the very answer: no redirect is followed, and the screen stays as it is.
    ///
    /// # Errors
    ///
    /// If there is no answer.
    pub async fn fetch(&mut self, path: &str) -> Result<Page, String> {
        self.send(Method::GET, path, None).await
    }

    /// Returns what is on the screen.
    #[must_use]
    pub fn page(&self) -> &Page {
        &self.page
    }

    /// Returns the value of a cookie, if the browser has it.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.value(name)
    }

    /// Has the browser keep a cookie, as if the server had set it.
    pub fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies.put(name, value);
    }

    /// Closes the browser for good: it forgets everything but where it was to go.
    pub fn forget(&mut self) {
        self.cookies = Cookies::default();
        self.page = Page::blank();
    }

    async fn follow(&mut self, mut answer: Page) -> Result<Page, String> {
        for _ in 0..MOST_REDIRECTS {
            let Some(to) = answer.leads_to() else {
                self.page = answer.clone();
                return Ok(answer);
            };
            let path = to.strip_prefix(&self.origin).unwrap_or(to).to_owned();
            if !path.starts_with('/') {
                return Err(format!("{} leads away, to {path}", answer.path()));
            }
            answer = self.send(Method::GET, &path, None).await?;
        }
        Err(format!("{} leads on without end", answer.path()))
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        fields: Option<&[(String, String)]>,
    ) -> Result<Page, String> {
        let site = match self.page.status() {
            // Typed into an empty tab.
            StatusCode::CONTINUE => "none",
            _ => "same-origin",
        };
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.origin))
            .header(header::ACCEPT, "text/html,*/*;q=0.8")
            .header("sec-fetch-mode", "navigate")
            .header("sec-fetch-dest", "document");
        request = match fields {
            Some(_) => request
                .header("sec-fetch-site", "same-origin")
                .header(header::ORIGIN, &self.origin)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded"),
            None => request.header("sec-fetch-site", site),
        };
        if let Some(cookies) = self.cookies.line() {
            request = request.header(header::COOKIE, cookies);
        }
        let body = fields.map_or_else(Bytes::new, |fields| Bytes::from(encoded(fields)));
        let request = request
            .body(Full::new(body))
            .map_err(|error| format!("{path}: {error}"))?;
        let answer = self
            .client
            .request(request)
            .await
            .map_err(|error| format!("{path}: {error:?}"))?;
        let (head, body) = answer.into_parts();
        for line in head.headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().map_err(|error| error.to_string())?;
            self.cookies.take(line)?;
        }
        let body = body
            .collect()
            .await
            .map_err(|error| format!("{path}: {error}"))?;
        let text = String::from_utf8_lossy(&body.to_bytes()).into_owned();
        Ok(Page::new(path, head.status, head.headers, text))
    }
}

impl fmt::Debug for Visitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Visitor(at {})", self.page.path())
    }
}

fn encoded(fields: &[(String, String)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

/// What browsers follow at least, and more than any way here has.
const MOST_REDIRECTS: usize = 10;
