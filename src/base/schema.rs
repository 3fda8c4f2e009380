//! JSON Schemas for editors of our TOML files (draft 7, which they understand), without references.

use super::read::MAX_TEXT;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::Value;

/// Makes the schema of a file from a type that has its shape.
pub(crate) fn generator() -> SchemaGenerator {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    settings.with_transform(RecursiveTransform(without_null)).into_generator()
}

/// Makes a type whose schema is this.
macro_rules! shapes {
    ($($(#[$doc:meta])* $name:ident => $schema:expr;)*) => {$(
        $(#[$doc])*
        struct $name;

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $schema
            }
        }
    )*};
}

pub(crate) use shapes;

/// A text with something in it.
pub(crate) fn words() -> Schema {
    json_schema!({ "type": "string", "minLength": 1, "maxLength": MAX_TEXT })
}

/// A text that is one of a few names.
pub(crate) fn one_of<T>(known: &[(&'static str, T)]) -> Schema {
    json_schema!({ "type": "string", "enum": known.iter().map(|(name, _)| *name).collect::<Vec<_>>() })
}

/// TOML knows no null: what may be left out is left out.
fn without_null(schema: &mut Schema) {
    let is_null = |value: &Value| value == "null" || value.is_null();
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| !is_null(name));
        if let [one] = types.as_slice() {
            let one = one.clone();
            schema.insert("type".to_owned(), one);
        }
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !is_null(value));
    }
}
