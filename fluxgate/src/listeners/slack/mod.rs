//! Transitions told in a Slack channel, in words of your own.
//!
//! ```
//! use fluxgate::{CircuitBreaker, State, listeners::slack::{SlackListener, Template, Templates}};
//!
//! let words = Templates::default().with(
//!     State::Closed,
//!     State::Open,
//!     Template::new("Payments are down", "#d93025", "Orders are kept. <https://runbook.example/payments|What to do>"),
//! );
//! let slack = SlackListener::new("xoxb-…", "#payments").templates(words);
//! let breaker = CircuitBreaker::builder("payment_api").listener(slack).build()?;
//! # Ok::<(), fluxgate::PolicyError>(())
//! ```

mod courier;
mod message;
mod queue;
mod templates;

use std::{borrow::Cow, fmt, sync::Arc, thread, time::Duration};

use queue::{Offer, Parcel, Queue};
pub use templates::{Labels, Template, Templates};

use super::Listener;
use crate::{events::signal::Signal, user_code};

/// Tells a Slack channel of transitions, each with its reason.
///
/// The messages of a failure cycle are one thread: it begins with `open`, goes on through all probes, and ends with
/// `closed`, `disabled` or `metrics_only`. A recovery is shown in the channel too.
///
/// Messages are sent by a thread of their own, so that no call ever waits for Slack. Between the two is a bounded queue.
/// When Slack asks to wait, by status 429 and `Retry-After`, it waits, ten times at most; when Slack can't be reached or
/// answers with a status of 500 or above, it tries again twice; when the answer takes too long it does not, for the
/// message may have been posted. What can't be delivered, because of that or because the queue is full, is told in the
/// log and [counted](Self::undelivered). The token is in no log, error or `Debug` output.
///
/// A clone shares the queue and the thread, so keep one to [`flush`](Self::flush) at shutdown. The token is that of a bot
/// with the scope `chat:write`; the channel is an id or a name, such as `#alerts`.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use fluxgate::{CircuitBreaker, listeners::SlackListener};
///
/// let slack = SlackListener::new("xoxb-…", "#alerts");
/// let breaker = CircuitBreaker::builder("payment_api").listener(slack.clone()).build()?;
/// // … at shutdown:
/// if !slack.flush(Duration::from_secs(5)) {
///     eprintln!("Slack has not heard of everything");
/// }
/// # Ok::<(), fluxgate::PolicyError>(())
/// ```
#[derive(Clone)]
pub struct SlackListener {
    settings: Arc<Settings>,
    handle: Arc<Handle>,
}

#[derive(Clone)]
struct Settings {
    token: Token,
    channel: String,
    base_url: Cow<'static, str>,
    templates: Templates,
    queue: usize,
    timeout: Duration,
    retry_pause: Duration,
}

/// Never printed.
#[derive(Clone)]
struct Token(String);

/// The state that the clones of a listener share. Dropping the last one closes the queue.
struct Handle(Arc<Queue>);

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Token {
    /// Returns what keeps the token from being sent, if anything does.
    fn mistake(&self) -> Option<&'static str> {
        if self.0.is_empty() {
            return Some("the Slack token is empty; give the listener the token of a bot, such as xoxb-…");
        }
        let fits = self.0.bytes().all(|byte| byte.is_ascii_graphic());
        (!fits).then_some(
            "the Slack token has a line break, a space or another character that no token has; check where it is read",
        )
    }

    fn as_bearer(&self) -> String {
        format!("Bearer {}", self.0)
    }

    /// A text from outside without the token, if somebody should send that back.
    fn redact(&self, text: &str) -> String {
        if self.0.is_empty() { text.to_owned() } else { text.replace(&self.0, "[redacted]") }
    }
}

impl SlackListener {
    /// Tells `channel` of transitions, by the bot that `token` belongs to. White space around the token is left out, a line
    /// break at its end among it. Nothing is sent before the first transition; a token that can't be one is told in the log
    /// at once.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CircuitBreaker, listeners::SlackListener};
    ///
    /// # fn read() -> Result<(), Box<dyn std::error::Error>> {
    /// let slack = SlackListener::new(std::env::var("SLACK_TOKEN")?, "#alerts");
    /// let breaker = CircuitBreaker::builder("payment_api").listener(slack).build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(token: impl Into<String>, channel: impl Into<String>) -> Self {
        let token = Token(token.into().trim().to_owned());
        if let Some(mistake) = token.mistake() {
            user_code::log(|| tracing::warn!(target: "fluxgate", "{mistake}"));
        }
        let settings = Settings {
            token,
            channel: channel.into(),
            base_url: "https://slack.com/api".into(),
            templates: Templates::default(),
            queue: 1_000,
            timeout: Duration::from_secs(5),
            retry_pause: Duration::from_secs(1),
        };
        Self { settings: Arc::new(settings), handle: Arc::new(Handle(Arc::default())) }
    }

    /// Sets the titles, colours and texts of messages.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::listeners::slack::{SlackListener, Templates};
    ///
    /// let slack = SlackListener::new("xoxb-…", "#alerts").templates(Templates::korean());
    /// ```
    #[must_use]
    pub fn templates(self, templates: Templates) -> Self {
        self.with(|settings| settings.templates = templates)
    }

    /// Sets the URL before `chat.postMessage`, for a proxy of Slack or a test server. The default is
    /// `https://slack.com/api`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{net::TcpListener, time::Duration};
    /// use fluxgate::{CircuitBreaker, listeners::SlackListener};
    ///
    /// let nobody = TcpListener::bind("127.0.0.1:0")?.local_addr()?; // nobody listens there any more
    /// let slack = SlackListener::new("xoxb-…", "#alerts")
    ///     .base_url(format!("http://{nobody}"))
    ///     .retry_pause(Duration::from_millis(1));
    /// let breaker = CircuitBreaker::builder("search").listener(slack.clone()).build()?;
    /// breaker.force_open();
    /// assert!(slack.flush(Duration::from_secs(60)));
    /// assert_eq!(slack.undelivered(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn base_url(self, base_url: impl Into<String>) -> Self {
        self.with(|settings| settings.base_url = base_url.into().into())
    }

    /// Sets the capacity of the queue in messages, 1,000 by default. With 0 nothing is sent.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{CircuitBreaker, listeners::SlackListener};
    ///
    /// let slack = SlackListener::new("xoxb-…", "#alerts").queue(0);
    /// let breaker = CircuitBreaker::builder("search").listener(slack.clone()).build()?;
    /// breaker.force_open();
    /// assert_eq!(slack.undelivered(), 1);
    /// # Ok::<(), fluxgate::PolicyError>(())
    /// ```
    #[must_use]
    pub fn queue(self, messages: usize) -> Self {
        self.with(|settings| settings.queue = messages)
    }

    /// Sets the timeout of a request, 5 s by default. Values outside of a millisecond to an hour are clamped.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fluxgate::listeners::SlackListener;
    ///
    /// let slack = SlackListener::new("xoxb-…", "#alerts").timeout(Duration::from_secs(30));
    /// ```
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        self.with(|settings| settings.timeout = timeout)
    }

    /// Sets the pause before the second attempt to reach Slack, 1 s by default. It doubles before the third.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fluxgate::listeners::SlackListener;
    ///
    /// let slack = SlackListener::new("xoxb-…", "#alerts").retry_pause(Duration::from_secs(5));
    /// ```
    #[must_use]
    pub fn retry_pause(self, pause: Duration) -> Self {
        self.with(|settings| settings.retry_pause = pause)
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.settings));
        self
    }

    /// Waits until every message is delivered or given up, no longer than `timeout`. `false` if there are still some.
    ///
    /// To be called at shutdown, for what is in the queue when the process ends is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fluxgate::listeners::SlackListener;
    ///
    /// let slack = SlackListener::new("xoxb-…", "#alerts");
    /// assert!(slack.flush(Duration::from_secs(5))); // nothing has happened
    /// ```
    pub fn flush(&self, timeout: Duration) -> bool {
        self.handle.0.flush(timeout)
    }

    /// Returns the number of messages that this listener and its clones could not deliver.
    pub fn undelivered(&self) -> u64 {
        self.handle.0.undelivered()
    }

    /// Has the queue served by a thread of its own.
    fn serve(&self) {
        let queue = Arc::clone(&self.handle.0);
        let spawned = thread::Builder::new().name("fluxgate-slack".to_owned()).spawn(move || courier::serve(&queue));
        if let Err(error) = spawned {
            let queue = &self.handle.0;
            let lost = queue.give_up();
            queue.abandon();
            queue.count_lost(lost as u64);
            user_code::log(|| {
                tracing::warn!(target: "fluxgate", lost, %error, "no thread could be started to tell Slack of transitions");
            });
        }
    }
}

impl Listener for SlackListener {
    fn on_transition(&self, signal: &Signal) {
        let parcel = Parcel { signal: signal.clone(), settings: Arc::clone(&self.settings) };
        match self.handle.0.offer(parcel) {
            Offer::Taken => {}
            Offer::TakenUnserved => self.serve(),
            Offer::Full => self.handle.0.lose(signal, "the queue is full"),
        }
    }
}

impl fmt::Debug for SlackListener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SlackListener")
            .field("channel", &self.settings.channel)
            .field("base_url", &self.settings.token.redact(&self.settings.base_url))
            .field("undelivered", &self.undelivered())
            .finish_non_exhaustive()
    }
}
