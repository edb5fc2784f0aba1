//! What the page says of the site.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the operator says of the site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Site {
    /// Name of the site.
    pub name: String,
    /// Where visitors reach the operator: a mail address or an http(s) URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// The rules of the site, one sentence each.
    pub rules: Vec<String>,
}

impl Default for Site {
    fn default() -> Self {
        Self {
            name: "Live Loop".into(),
            contact: None,
            rules: [
                "You are 18 or older.",
                "Be kind: no insults, no threats, no hate.",
                "Keep your clothes on, and show nothing that you would not show a stranger in the street.",
                "Do not record or share what others say or show.",
                "Tell nobody your address, your passwords or your bank details.",
                "If something feels wrong, press Next or Stop. You owe nobody an explanation.",
            ]
            .map(String::from)
            .to_vec(),
        }
    }
}
