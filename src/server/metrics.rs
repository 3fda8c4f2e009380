//! What can be watched from outside: load and health. No node, no language, no outcome of a call.

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, text::encode};
use prometheus_client::metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram};
use prometheus_client::registry::{Registry, Unit};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, EncodeLabelValue)]
#[allow(non_camel_case_types, reason = "label values are small words")]
pub enum Kind {
    voice,
    text,
    status,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
pub struct Request {
    pub kind: Kind,
}

/// What an alarm is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, EncodeLabelValue)]
#[allow(non_camel_case_types, reason = "label values are small words")]
pub enum AlarmKind {
    signatures,
    database,
    clock,
    desk,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
pub struct Alarm {
    pub kind: AlarmKind,
}

/// Counters of one running server.
pub struct Metrics {
    registry: Registry,
    pub requests: Family<Request, Counter>,
    pub refused: Counter,
    pub unsigned: Counter,
    pub troubles: Counter,
    pub overloads: Counter,
    pub late_texts: Counter,
    pub connections: Gauge,
    pub evicted: Counter,
    pub alarms: Family<Alarm, Counter>,
    pub store_healthy: Gauge,
    pub seconds: Histogram,
}

impl Default for Metrics {
    fn default() -> Metrics {
        let mut metrics = Metrics {
            registry: Registry::with_prefix("hulplijn"),
            requests: Family::default(),
            refused: Counter::default(),
            unsigned: Counter::default(),
            troubles: Counter::default(),
            overloads: Counter::default(),
            late_texts: Counter::default(),
            connections: Gauge::default(),
            evicted: Counter::default(),
            alarms: Family::default(),
            store_healthy: Gauge::default(),
            seconds: Histogram::new([0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0]),
        };
        let registry = &mut metrics.registry;
        registry.register("requests", "Webhook requests answered", metrics.requests.clone());
        registry.register("refused", "Webhook requests refused: signature, host or form", metrics.refused.clone());
        registry.register(
            "unsigned",
            "Webhook requests whose signature was missing or wrong",
            metrics.unsigned.clone(),
        );
        registry.register("troubles", "Requests whose work failed or took too long", metrics.troubles.clone());
        registry.register("overloads", "Requests beyond the limit at once", metrics.overloads.clone());
        let late = "Texts not answered: older than a minute, or from the future (then compare the clocks)";
        registry.register("late_texts", late, metrics.late_texts.clone());
        registry.register("connections", "Open connections on the public listener", metrics.connections.clone());
        registry.register("evicted", "Connections closed to make room for newer ones", metrics.evicted.clone());
        registry.register("alarms", "Times the keeper's alarm was due", metrics.alarms.clone());
        registry.register("store_healthy", "1 if the database answers", metrics.store_healthy.clone());
        registry.register_with_unit("request", "Time to answer a webhook", Unit::Seconds, metrics.seconds.clone());
        metrics
    }
}

impl Metrics {
    /// The text format of OpenMetrics 1.0.
    pub fn render(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
