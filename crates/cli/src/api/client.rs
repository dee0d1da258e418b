//! Requests to one master, with its token.
//!
//! ```text
//! request -> 401 -> POST /oauth2/token (once) -> the same request again
//! GET     -> no connection, 502, 503, 504 -> a pause -> the same request again, three times
//! ```

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::http::Response;
use ureq::{Agent, BodyReader};

use super::answer::{self, Answer, BODY_LIMIT, read};
use super::error::reason_phrase;
use super::{HttpFailure, OauthClient, Origin, oauth, transport};
use crate::clock;
use crate::config::{ConfigFile, Environment, Server};
use crate::failure::{Failure, Kind};
use crate::log::{Log, masked_path};

/// The methods in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// Reads.
    Get,
    /// Creates or starts.
    Post,
    /// Changes.
    Put,
    /// Changes in part.
    Patch,
    /// Removes.
    Delete,
}

/// What all clients of one run share.
#[derive(Debug)]
pub(crate) struct Shared {
    /// Where requests are noted.
    pub(crate) log: Log,
    /// The version a master last announced.
    pub(crate) master_version: RefCell<Option<String>>,
    /// Sent when tokens are asked for.
    pub(crate) oauth_client: OauthClient,
}

/// Where the token pair to renew is kept.
#[derive(Debug)]
pub(crate) struct Renewal {
    /// The file.
    pub(crate) file: ConfigFile,
    /// The master's name in it.
    pub(crate) server: String,
}

/// A master to send requests to.
#[derive(Debug)]
pub(crate) struct Client {
    agent: Agent,
    origin: Origin,
    url: String,
    token: RefCell<Option<String>>,
    renewal: RefCell<Option<Renewal>>,
    renewal_failed: Cell<bool>,
    limit: Option<Duration>,
    shared: Rc<Shared>,
}

/// A request without an answer.
struct Missed {
    failure: Failure,
    /// The next attempt may get one.
    may_return: bool,
}

/// Before a request is sent again.
const PAUSES: [Duration; 3] =
    [Duration::from_millis(100), Duration::from_millis(200), Duration::from_millis(400)];

/// However long a master asks to be left alone.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

impl Client {
    /// Makes a client for a master's URL; nothing is sent yet.
    pub(crate) fn new(
        url: &str,
        token: Option<String>,
        renewal: Option<Renewal>,
        environment: &Environment,
        shared: Rc<Shared>,
    ) -> Result<Self, Failure> {
        let origin = Origin::parse(url).ok_or_else(|| {
            Failure::known(
                Kind::Unreachable,
                format!("Cannot connect to {url}: not an http:// or https:// address"),
            )
        })?;
        Ok(Self {
            agent: transport::agent(&origin, environment)
                .map_err(|error| Failure::said(format!("Cannot connect to {url}: {error}")))?,
            origin,
            url: url.to_owned(),
            token: RefCell::new(token),
            renewal: RefCell::new(renewal),
            renewal_failed: Cell::new(false),
            limit: None,
            shared,
        })
    }

    /// Gives up at once where there is no answer, and waits for no longer than `limit` for one.
    pub(crate) fn hasty(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Reads a resource.
    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        read(self.call(Method::Get, path, None)?, path)
    }

    /// Sends a body and reads the answer.
    pub(crate) fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        read(self.call(method, path, Some(&json(body)?))?, path)
    }

    /// Sends a body; the answer matters only if it is no success.
    pub(crate) fn tell(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<(), Failure> {
        self.call(method, path, Some(&json(body)?)).map(drop)
    }

    /// Removes a resource.
    pub(crate) fn delete(&self, path: &str) -> Result<(), Failure> {
        self.call(Method::Delete, path, None).map(drop)
    }

    /// Sends a request, renewing the token once if the master asks for that.
    pub(crate) fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let mut answer = self.persist(method, path, body)?;
        if answer.status == 401 && self.token.borrow().is_some() && self.renew()? {
            answer = self.persist(method, path, body)?;
        }
        match answer.status {
            200 | 201 | 204 => answer.parse(path),
            401 => Err(self.unauthorized().at(path).into()),
            status => Err(HttpFailure::of_answer(status, &answer.body, path).at(path).into()),
        }
    }

    /// Opens an answer that is read as it comes; it may never end.
    pub(crate) fn open(&self, path: &str) -> Result<BodyReader<'static>, Failure> {
        let mut response = self.dispatch_and_note(path)?;
        if response.status() == 401 && self.token.borrow().is_some() && self.renew()? {
            response = self.dispatch_and_note(path)?;
        }
        match response.status().as_u16() {
            200 => Ok(response.into_body().into_reader()),
            401 => Err(self.unauthorized().into()),
            status => {
                let body = response.body_mut().with_config().limit(BODY_LIMIT).read_to_vec();
                let body =
                    body.map_err(|error| transport::unreachable(&self.url, &error, false))?;
                Err(HttpFailure::of_answer(status, &body, path).into())
            }
        }
    }

    fn dispatch_and_note(&self, path: &str) -> Result<Response<ureq::Body>, Failure> {
        match self.dispatch(Method::Get, path, None) {
            Ok(response) => {
                self.shared.log.line(&format!("GET {path} {}", response.status().as_u16()));
                if let Some(version) = answer::header(&response, "X-Kontena-Version") {
                    *self.shared.master_version.borrow_mut() = Some(version);
                }
                Ok(response)
            }
            Err(error) => {
                self.shared.log.line(&format!("GET {path} failed: {error}"));
                Err(transport::unreachable(&self.url, &error, false))
            }
        }
    }

    /// Returns the address of the master as it was given.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Returns where the master is.
    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Returns what goes into the header `Authorization`.
    pub(super) fn bearer(&self) -> Option<String> {
        self.token.borrow().as_ref().map(|token| format!("Bearer {token}"))
    }

    /// Notes something in the log of requests.
    pub(super) fn note(&self, text: &str) {
        self.shared.log.line(text);
    }

    /// Asks where a browser must go to log in.
    pub(crate) fn authenticate(&self, path: &str) -> Result<String, Failure> {
        let answer = self.persist(Method::Get, path, None)?;
        match (answer.status, answer.location) {
            (302, Some(location)) => Ok(location),
            (status @ (400 | 403 | 501), _) => Err(oauth::refusal(status, &answer.body)),
            (200 | 201 | 204 | 302, _) => Err(oauth::refusal(answer.status, &[])),
            (status, _) => Err(HttpFailure::of_answer(status, &answer.body, path).into()),
        }
    }

    /// Returns the pair that asks for tokens.
    pub(super) fn oauth_client(&self) -> &OauthClient {
        &self.shared.oauth_client
    }

    fn unauthorized(&self) -> HttpFailure {
        let renewable = self.renewal.borrow().is_some() || self.renewal_failed.get();
        let text = if self.token.borrow().is_some() && !renewable {
            "The access token has expired and needs to be refreshed"
        } else {
            reason_phrase(401)
        };
        HttpFailure::new(401, text)
    }

    /// Gets another token; false where there is none to be had.
    ///
    /// A refresh token is good once. Of several commands that find the access token expired, the first spends it
    /// while the others wait for the configuration, and then find the new pair there.
    pub(crate) fn renew(&self) -> Result<bool, Failure> {
        // Not there while it is under way, lest a refused renewal be renewed.
        let Some(renewal) = self.renewal.take() else {
            return Ok(false);
        };
        let ours = self.token.take();
        let renewed = renewal.file.update(|config| match config.server_mut(&renewal.server) {
            Some(entry) => self.renew_entry(entry, ours.as_deref()),
            None => Ok(false),
        })?;
        if renewed {
            *self.renewal.borrow_mut() = Some(renewal);
        } else {
            *self.token.borrow_mut() = ours;
            self.renewal_failed.set(true);
        }
        Ok(renewed)
    }

    /// Takes the token of an entry, after renewing it unless somebody else has.
    fn renew_entry(&self, entry: &mut Server, ours: Option<&str>) -> Result<bool, Failure> {
        let (Some(token), refresh_token) = (&entry.token, &entry.refresh_token) else {
            // Logged out meanwhile.
            return Ok(false);
        };
        if Some(token.as_str()) == ours {
            let Some(refresh_token) = refresh_token else {
                return Ok(false);
            };
            let pair = match oauth::refresh(self, refresh_token) {
                Ok(pair) => pair,
                Err(Failure::Http(_)) => return Ok(false),
                Err(failure) => return Err(failure),
            };
            entry.token_expires_at = Some(pair.expires_at(clock::unix_now()));
            entry.token = Some(pair.access_token);
            entry.refresh_token = pair.refresh_token;
        }
        self.token.borrow_mut().clone_from(&entry.token);
        Ok(true)
    }

    /// Sends a request; one that only reads is sent again where the master was away for a moment.
    fn persist(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer, Failure> {
        let mut pauses = PAUSES.iter().filter(|_| method == Method::Get && self.limit.is_none());
        loop {
            let outcome = self.request(method, path, body);
            let asked = match &outcome {
                Ok(answer) if matches!(answer.status, 502..=504) => answer.retry_after,
                Err(Missed { may_return: true, .. }) => None,
                _ => return outcome.map_err(|missed| missed.failure),
            };
            let Some(pause) = pauses.next() else {
                return outcome.map_err(|missed| missed.failure);
            };
            let pause = asked.map_or(*pause, |asked| asked.min(LONGEST_PAUSE));
            self.shared.log.line(&format!("trying again in {} ms", pause.as_millis()));
            clock::pause(pause);
        }
    }

    fn request(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer, Missed> {
        let started = clock::now();
        if let Some(body) = body {
            self.shared.log.body("->", body);
        }
        let outcome = self.dispatch(method, path, body).and_then(Answer::receive);
        let took = (clock::now() - started).num_milliseconds();
        let verb = format!("{method:?}").to_ascii_uppercase();
        let path = &masked_path(path);
        match outcome {
            Ok((answer, version)) => {
                self.shared.log.line(&format!("{verb} {path} {} {took}ms", answer.status));
                if self.shared.log.wants_bodies()
                    && let Ok(document) = serde_json::from_slice(&answer.body)
                {
                    self.shared.log.body("<-", &document);
                }
                if version.is_some() {
                    *self.shared.master_version.borrow_mut() = version;
                }
                Ok(answer)
            }
            Err(error) => {
                self.shared.log.line(&format!("{verb} {path} failed {took}ms: {error}"));
                Err(Missed {
                    may_return: transport::may_return(&error),
                    failure: transport::unreachable(&self.url, &error, method != Method::Get),
                })
            }
        }
    }

    fn dispatch(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Response<ureq::Body>, ureq::Error> {
        let url = self.origin.join(path);
        let bearer = self.bearer();
        let bare = match method {
            Method::Get => Some(self.agent.get(&url)),
            Method::Delete => Some(self.agent.delete(&url)),
            Method::Post | Method::Put | Method::Patch => None,
        };
        match (bare, body) {
            (Some(bare), None) => self.limited(authorize(bare, bearer.as_deref())).call(),
            (bare, body) => {
                let with_body = match (bare, method) {
                    (Some(bare), _) => bare.force_send_body(),
                    (None, Method::Post) => self.agent.post(&url),
                    (None, Method::Patch) => self.agent.patch(&url),
                    (None, _) => self.agent.put(&url),
                };
                let text = body.map(Value::to_string).unwrap_or_default();
                self.limited(authorize(with_body, bearer.as_deref()))
                    .content_type("application/json")
                    .send(text.as_bytes())
            }
        }
    }
}

impl Client {
    fn limited<B>(&self, request: ureq::RequestBuilder<B>) -> ureq::RequestBuilder<B> {
        match self.limit {
            Some(limit) => request.config().timeout_global(Some(limit)).build(),
            None => request,
        }
    }
}

fn authorize<B>(request: ureq::RequestBuilder<B>, bearer: Option<&str>) -> ureq::RequestBuilder<B> {
    match bearer {
        Some(bearer) => request.header("Authorization", bearer),
        None => request,
    }
}

fn json(body: &impl Serialize) -> Result<Value, Failure> {
    serde_json::to_value(body)
        .map_err(|error| Failure::said(format!("Cannot write the request: {error}")))
}
