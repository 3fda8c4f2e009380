//! Debian's Chromium without a screen, driven by its own driver (W3C WebDriver): requests with small JSON bodies.
#![allow(dead_code, reason = "each test file uses its part")]

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The names of keys that are no letters (WebDriver, 17.4.2).
pub const ENTER: &str = "\u{e007}";
pub const ESCAPE: &str = "\u{e00c}";
pub const TAB: &str = "\u{e004}";

/// A browser with a profile of its own; both go away with it.
pub struct Browser {
    client: Client<HttpConnector, Full<Bytes>>,
    base: String,
    driver: Child,
    _profile: TempDir,
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver and, where a test has failed, the browser: a group of their own.
        let group = rustix::process::Pid::from_child(&self.driver);
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        let _ = self.driver.wait();
    }
}

impl Browser {
    pub async fn start() -> Browser {
        let profile = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("chromedriver: {error}; `make chromium` installs it"));
        let client = Client::builder(TokioExecutor::new()).build_http();
        let mut browser = Browser { client, base: format!("http://127.0.0.1:{port}"), driver, _profile: profile };
        let deadline = Instant::now() + Duration::from_secs(20);
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert!(Instant::now() < deadline, "chromedriver does not listen");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let folder = format!("--user-data-dir={}", browser._profile.path().display());
        let arguments = json!([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--autoplay-policy=no-user-gesture-required",
            "--window-size=1280,900",
            folder,
        ]);
        let capabilities = json!({"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {"args": arguments},
            "timeouts": {"script": 20_000, "pageLoad": 20_000},
        }});
        let session = browser.post("/session", json!({"capabilities": capabilities})).await;
        let id = session["sessionId"].as_str().unwrap_or_else(|| panic!("no session: {session}")).to_owned();
        browser.base = format!("{}/session/{id}", browser.base);
        browser
    }

    /// Ends the browser; its driver goes with the value.
    pub async fn close(self) {
        self.ask("DELETE", "", Value::Null).await.unwrap();
    }

    pub async fn goto(&self, url: &str) {
        self.post("/url", json!({"url": url})).await;
    }

    pub async fn reload(&self) {
        self.post("/refresh", json!({})).await;
    }

    /// Runs a function's body in the page; what it returns.
    pub async fn js(&self, script: &str) -> Value {
        self.post("/execute/sync", json!({"script": script, "args": []})).await
    }

    /// As above, of a function that is `async`.
    pub async fn js_async(&self, script: &str) -> Value {
        let script =
            format!("const done = arguments[0]; (async () => {{ {script} }})().then(done, (e) => done(String(e)));");
        self.post("/execute/async", json!({"script": script, "args": []})).await
    }

    /// The text of what this selects, as it is shown.
    pub async fn text(&self, css: &str) -> String {
        let script = format!("return document.querySelector({css:?})?.innerText ?? ''");
        self.js(&script).await.as_str().unwrap_or_default().to_owned()
    }

    /// Clicks as a mouse does.
    pub async fn click(&self, css: &str) {
        let found = self.post("/element", json!({"using": "css selector", "value": css})).await;
        let id = found.as_object().and_then(|found| found.values().next()).and_then(Value::as_str);
        let id = id.unwrap_or_else(|| panic!("`{css}` is not on the page: {found}"));
        self.post(&format!("/element/{id}/click"), json!({})).await;
    }

    /// Presses keys on the keyboard, one after the other, wherever the focus is.
    pub async fn keys(&self, keys: &str) {
        let acts: Vec<Value> = keys
            .chars()
            .flat_map(|key| [json!({"type": "keyDown", "value": key}), json!({"type": "keyUp", "value": key})])
            .collect();
        self.post("/actions", json!({"actions": [{"type": "key", "id": "keyboard", "actions": acts}]})).await;
    }

    /// Waits until an expression is true.
    pub async fn until(&self, expression: &str) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.js(&format!("return Boolean({expression})")).await != Value::Bool(true) {
            if Instant::now() > deadline {
                let page = self.text("body").await;
                panic!("it never came: {expression}\n{page}");
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// Waits until the element with this id holds these words.
    pub async fn until_says(&self, id: &str, words: &str) {
        self.until(&format!("document.getElementById({id:?}).innerText.includes({words:?})")).await;
    }

    /// The page is so wide, by day or by night.
    pub async fn look(&self, width: u32, scheme: &str) {
        let metrics = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.cdp("Emulation.setDeviceMetricsOverride", metrics).await;
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.cdp("Emulation.setEmulatedMedia", features).await;
    }

    pub async fn cdp(&self, command: &str, params: Value) -> Value {
        self.post("/goog/cdp/execute", json!({"cmd": command, "params": params})).await
    }

    /// A new tab, which is now the one that is driven; its name.
    pub async fn new_tab(&self) -> String {
        let tab = self.post("/window/new", json!({"type": "tab"})).await;
        let name = tab["handle"].as_str().unwrap().to_owned();
        self.switch(&name).await;
        name
    }

    pub async fn tab(&self) -> String {
        self.ask("GET", "/window", Value::Null).await.unwrap().as_str().unwrap().to_owned()
    }

    pub async fn switch(&self, tab: &str) {
        self.post("/window", json!({"handle": tab})).await;
    }

    pub async fn close_tab(&self) {
        self.ask("DELETE", "/window", Value::Null).await.unwrap();
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.ask("POST", path, body).await.unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> Result<Value, String> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = hyper::Request::builder().method(method).uri(format!("{}{path}", self.base));
        let request = request.header("content-type", "application/json").body(Full::from(body)).unwrap();
        let answer = self.client.request(request).await.map_err(|error| error.to_string())?;
        let ok = answer.status().is_success();
        let bytes = answer.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
        let mut told: Value = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        let value = told["value"].take();
        if ok { Ok(value) } else { Err(value["message"].as_str().unwrap_or_default().to_owned()) }
    }
}
