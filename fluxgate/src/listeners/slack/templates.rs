use std::borrow::Cow;

use crate::state::State;

/// The title, colour and text of a message about a transition. Titles and texts may use Slack's `mrkdwn`.
///
/// Below the title stand the breaker, the transition, the time, the text and the reason. Titles are cut after 2,900
/// characters and texts after 1,900, for Slack takes no more.
///
/// # Examples
///
/// ```
/// use fluxgate::{State, listeners::slack::{Template, Templates}};
///
/// let probing = Template::new("Trying the provider again", "#f29900", "A few orders go through.");
/// assert_eq!(probing.title, "Trying the provider again");
/// let templates = Templates::default().with(State::Open, State::HalfOpen, probing);
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Template {
    /// The line in bold at the top.
    pub title: Cow<'static, str>,
    /// The colour of the bar at the side, such as `#d93025`.
    pub color: Cow<'static, str>,
    /// The explanation of the transition.
    pub text: Cow<'static, str>,
}

impl Template {
    /// A template with this title, colour (such as `#d93025`) and text.
    pub fn new(
        title: impl Into<Cow<'static, str>>,
        color: impl Into<Cow<'static, str>>,
        text: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { title: title.into(), color: color.into(), text: text.into() }
    }
}

/// The labels above the figures of a message.
///
/// # Examples
///
/// ```
/// use fluxgate::listeners::slack::{Labels, Templates};
///
/// let templates = Templates::default().with_labels(Labels {
///     breaker: "Sicherung".into(),
///     transition: "Zustand".into(),
///     time: "Zeit".into(),
///     text: "Bedeutung".into(),
///     reason: "Grund".into(),
///     shadow: "Probebetrieb".into(),
///     rejects_nothing: "Es wird nichts abgewiesen.".into(),
/// });
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Labels {
    /// Above the breaker's label.
    pub breaker: Cow<'static, str>,
    /// Above the old state and the new one, such as `closed → open`.
    pub transition: Cow<'static, str>,
    /// Above the time of the transition, in the time zone of whoever reads it.
    pub time: Cow<'static, str>,
    /// Above the text of the template.
    pub text: Cow<'static, str>,
    /// Above the reason, such as `FailureRate(0.6): 13 of the last 20 calls failed`.
    pub reason: Cow<'static, str>,
    /// Above [`rejects_nothing`](Self::rejects_nothing), while the breaker is in shadow mode.
    pub shadow: Cow<'static, str>,
    /// The text below `shadow` while the breaker is in shadow mode.
    pub rejects_nothing: Cow<'static, str>,
}

/// The templates of all transitions: in English unless said otherwise. A transition without one of its own, such as one
/// by a command, has the fallback.
///
/// # Examples
///
/// ```
/// use fluxgate::{State, listeners::slack::{SlackListener, Template, Templates}};
///
/// let templates = Templates::default()
///     .with(State::Closed, State::Open, Template::new("La panne", "#d93025", "Le service ne répond plus."))
///     .with_fallback(Template::new("Un changement d'état", "#808080", "Voir la raison."));
/// let slack = SlackListener::new("xoxb-…", "#alerts").templates(templates);
///
/// // A whole set in another language, as an example of one's own.
/// let slack = SlackListener::new("xoxb-…", "#alerts").templates(Templates::korean());
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Templates {
    transitions: Vec<((State, State), Template)>,
    fallback: Template,
    labels: Labels,
}

const RED: &str = "#d93025";
const ORANGE: &str = "#f29900";
const GREEN: &str = "#188038";
const GREY: &str = "#808080";

impl Default for Templates {
    fn default() -> Self {
        Self {
            transitions: vec![
                (
                    (State::Closed, State::Open),
                    Template::new(
                        "🚨 Circuit breaker opened",
                        RED,
                        "Too many calls went wrong: they are rejected now.",
                    ),
                ),
                (
                    (State::Open, State::HalfOpen),
                    Template::new(
                        "🔄 Circuit breaker is probing",
                        ORANGE,
                        "A few calls go through to try the service.",
                    ),
                ),
                (
                    (State::HalfOpen, State::Open),
                    Template::new("⚠️ Circuit breaker opened again", RED, "The service is not well yet."),
                ),
                (
                    (State::HalfOpen, State::Closed),
                    Template::new("✅ Circuit breaker closed", GREEN, "The service is well again."),
                ),
            ],
            fallback: Template::new("ℹ️ Circuit breaker changed its state", GREY, "Somebody told it to."),
            labels: Labels {
                breaker: "Circuit breaker".into(),
                transition: "Transition".into(),
                time: "Time".into(),
                text: "Description".into(),
                reason: "Reason".into(),
                shadow: "Shadow mode".into(),
                rejects_nothing: "It rejects nothing.".into(),
            },
        }
    }
}

impl Templates {
    /// A set in Korean.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::listeners::slack::{SlackListener, Templates};
    ///
    /// let slack = SlackListener::new("xoxb-…", "#장애").templates(Templates::korean());
    /// ```
    pub fn korean() -> Self {
        Self {
            transitions: vec![
                (
                    (State::Closed, State::Open),
                    Template::new("🚨 서킷 브레이커가 열렸습니다", RED, "실패한 호출이 많아 요청을 차단합니다."),
                ),
                (
                    (State::Open, State::HalfOpen),
                    Template::new("🔄 서비스 복구를 확인하고 있습니다", ORANGE, "일부 요청만 보내 상태를 확인합니다."),
                ),
                (
                    (State::HalfOpen, State::Open),
                    Template::new("⚠️ 서킷 브레이커가 다시 열렸습니다", RED, "서비스가 아직 정상이 아닙니다."),
                ),
                (
                    (State::HalfOpen, State::Closed),
                    Template::new("✅ 서킷 브레이커가 닫혔습니다", GREEN, "서비스가 정상으로 돌아왔습니다."),
                ),
            ],
            fallback: Template::new("ℹ️ 서킷 브레이커 상태가 바뀌었습니다", GREY, "명령에 따라 상태를 바꿨습니다."),
            labels: Labels {
                breaker: "서킷 브레이커".into(),
                transition: "상태 변화".into(),
                time: "시각".into(),
                text: "설명".into(),
                reason: "이유".into(),
                shadow: "섀도 모드".into(),
                rejects_nothing: "요청을 차단하지 않습니다.".into(),
            },
        }
    }

    /// Sets the template of transitions from `old` to `new`.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::{State, listeners::slack::{Template, Templates}};
    ///
    /// let by_hand = Template::new("Closed for maintenance", "#808080", "Somebody has opened it by hand.");
    /// let templates = Templates::default().with(State::Closed, State::ForcedOpen, by_hand);
    /// assert_ne!(templates, Templates::default());
    /// ```
    #[must_use]
    pub fn with(mut self, old: State, new: State, template: Template) -> Self {
        self.transitions.retain(|(transition, _)| *transition != (old, new));
        self.transitions.push(((old, new), template));
        self
    }

    /// Sets the template of all transitions without a template of their own.
    ///
    /// # Examples
    ///
    /// ```
    /// use fluxgate::listeners::slack::{Template, Templates};
    ///
    /// let templates = Templates::default().with_fallback(Template::new("Something has changed", "#808080", ""));
    /// ```
    #[must_use]
    pub fn with_fallback(self, fallback: Template) -> Self {
        Self { fallback, ..self }
    }

    /// Sets the labels: see [`Labels`].
    #[must_use]
    pub fn with_labels(self, labels: Labels) -> Self {
        Self { labels, ..self }
    }

    pub(super) fn of(&self, old: State, new: State) -> &Template {
        let own = self.transitions.iter().find(|(transition, _)| *transition == (old, new));
        own.map_or(&self.fallback, |(_, template)| template)
    }

    pub(super) fn labels(&self) -> &Labels {
        &self.labels
    }
}
