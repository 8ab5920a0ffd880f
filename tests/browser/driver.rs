//! The program by which the trials use a browser: one for all of them.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread;

use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder};
use hyper::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use url::{ParseError, Url};

use crate::told;

/// Whether pages may run scripts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Scripts {
    /// As in most browsers.
    On,
    /// As some people have it.
    Off,
}

/// Opens a browser with a profile that nobody used before; both go when the session is closed.
pub(crate) async fn open(scripts: Scripts) -> Result<Client, String> {
    let address = DRIVER
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .address()?;
    let mut prefs = json!({
        "profile.password_manager_leak_detection": false,
        "credentials_enable_service": false,
    });
    if scripts == Scripts::Off {
        prefs["profile.managed_default_content_settings.javascript"] = json!(2);
    }
    let capabilities = json!({
        "browserName": "chrome",
        "goog:chromeOptions": { "binary": program("chromium")?, "args": ARGUMENTS, "prefs": prefs },
        "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
    });
    let capabilities: Capabilities = serde_json::from_value(capabilities).map_err(told)?;
    ClientBuilder::new(HttpConnector::new())
        .capabilities(capabilities)
        .connect(&address)
        .await
        .map_err(told)
}

/// Finds a program where the shell would.
fn program(name: &str) -> Result<PathBuf, String> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path)
        .map(|it| it.join(name))
        .find(|it| it.is_file());
    found.ok_or_else(|| format!("there is no {name}"))
}

/// Ends the program, if it was started.
pub(crate) fn close() {
    let mut driver = DRIVER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((mut child, _)) = driver.0.take() {
        // It may have ended by itself.
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Started when first asked for.
struct Driver(Option<(Child, String)>);

impl Driver {
    fn address(&mut self) -> Result<String, String> {
        if let Some((_, address)) = &self.0 {
            return Ok(address.clone());
        }
        let mut child = Command::new("chromedriver")
            .args(["--port=0", "--log-level=SEVERE"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(told)?;
        let output = child.stdout.take().ok_or("it has an output")?;
        let mut lines = BufReader::new(output).lines();
        let port = loop {
            let line = lines.next().ok_or("chromedriver ended")?.map_err(told)?;
            // "ChromeDriver was started successfully on port 40123."
            if let Some((_, port)) = line.split_once("successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
        };
        // What else it says is read, so that it is never kept waiting.
        thread::spawn(move || lines.for_each(drop));
        let address = format!("http://127.0.0.1:{port}");
        self.0 = Some((child, address.clone()));
        Ok(address)
    }
}

static DRIVER: LazyLock<Mutex<Driver>> = LazyLock::new(|| Mutex::new(Driver(None)));

/// What the protocol of drivers has no words for.
#[derive(Debug)]
pub(crate) enum Extra {
    /// A command of the browser's own protocol, with its parameters.
    Devtools(&'static str, Value),
    /// What the browser noted of a kind since it was last asked: `browser` or `performance`.
    Log(&'static str),
}

impl WebDriverCompatibleCommand for Extra {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        let session = session.unwrap_or_default();
        base.join(&match self {
            Self::Devtools(..) => format!("session/{session}/goog/cdp/execute"),
            Self::Log(_) => format!("session/{session}/se/log"),
        })
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        let body = match self {
            Self::Devtools(command, parameters) => json!({ "cmd": command, "params": parameters }),
            Self::Log(kind) => json!({ "type": kind }),
        };
        (Method::POST, Some(body.to_string()))
    }
}

/// Started as in a container, where Chromium's own sandbox cannot be had; it comes to this machine only.
const ARGUMENTS: [&str; 9] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--hide-scrollbars",
    "--lang=en",
    "--no-first-run",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
];
