//! Makes components of the texts of hostile plugins.

use super::{Form, HostilePlugin, Shell};
use crate::wit::FILES;

impl HostilePlugin {
    /// Returns the plugin's module as text, with all that was put around what its file says; of a component that is
    /// written whole, the file.
    ///
    /// # Errors
    ///
    /// What is wrong with the entry.
    pub fn text(&self) -> Result<String, String> {
        match self.form {
            Form::Whole => Ok(self.source().to_owned()),
            Form::Beside => self.shell()?.module(""),
            Form::Module => self.shell()?.module(&self.repeated()),
        }
    }

    /// Returns the component's bytes, or whatever else the file makes that a host is to load.
    ///
    /// # Errors
    ///
    /// What is wrong with the entry or its file.
    pub fn component(&self) -> Result<Vec<u8>, String> {
        let named = |why: String| format!("{}: {why}", self.id);
        let text = self.text().map_err(named)?;
        if self.form == Form::Whole {
            return wat::parse_str(text).map_err(|error| named(error.to_string()));
        }
        // What is not valid is for the host to find.
        let encoded = self.shell()?.encode(&text, false).map_err(named)?;
        match self.form {
            Form::Beside => beside(&encoded, self.source()).map_err(named),
            _ => Ok(encoded),
        }
    }

    /// Returns the contract's shell, or what the entry makes of it.
    fn shell(&self) -> Result<Shell, String> {
        let named = |why: String| format!("{}: {why}", self.id);
        let mut files = FILES.map(|(name, text)| (name, text.to_owned()));
        for edit in &self.wit_edits {
            let mut found = false;
            for (_, text) in &mut files {
                found |= text.contains(&edit.from);
                *text = text.replace(&edit.from, &edit.to);
            }
            if !found {
                return Err(named(format!("wit/ does not say: {}", edit.from)));
            }
        }
        Shell::of(&files, self.wit.as_deref()).map_err(named)
    }

    fn repeated(&self) -> String {
        let mut text = self.source().to_owned();
        if let Some(repeat) = &self.repeat {
            for n in 0..repeat.times {
                text.push_str(&repeat.item.replace("{n}", &n.to_string()));
                text.push('\n');
            }
        }
        text
    }
}

/// Returns a plugin that does nothing bad: it describes itself, and traps in everything else.
pub(super) fn bystander() -> Result<Vec<u8>, String> {
    let shell = Shell::of_the_contract()?;
    shell.encode(&shell.module("")?, false)
}

/// Puts items of a component behind those that are there.
fn beside(component: &[u8], items: &str) -> Result<Vec<u8>, String> {
    let printed = wasmprinter::print_bytes(component).map_err(|error| format!("{error:#}"))?;
    let whole = printed.trim_end();
    let open = whole.strip_suffix(')').ok_or("the component has no end")?;
    wat::parse_str(format!("{open}\n{items}\n)")).map_err(|error| error.to_string())
}
