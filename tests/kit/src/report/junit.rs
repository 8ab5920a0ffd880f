//! A report for build servers.

use std::io;
use std::time::Duration;

use countersign_host::printable::Printable;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::{Count, Report, Tried, VERSION, Verdict};
use crate::claim::CONTRACT;

impl Report {
    /// Writes the report as JUnit XML: a suite a file of cases, and one for what the plugin says of itself and for the
    /// verdict over all, which fails where the command does, also where no case did.
    ///
    /// An expected failure is `skipped` there, with its reason, since JUnit has no word for it; an unexpected pass is a
    /// failure. So is a required case that was skipped, unless skips are allowed. What is not about this plugin is left
    /// out.
    ///
    /// # Errors
    ///
    /// None in fact: it is written into memory.
    pub fn to_junit(&self) -> io::Result<String> {
        let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let count = self.count();
        let failures = self
            .failures(&count)
            .saturating_add(self.failures_over_all());
        writer
            .create_element("testsuites")
            .with_attribute(("name", "countersign conformance"))
            .with_attribute(("tests", &*tests(&count).saturating_add(2).to_string()))
            .with_attribute(("failures", &*failures.to_string()))
            .with_attribute(("errors", "0"))
            .with_attribute(("time", &*seconds(self.time)))
            .write_inner_content(|writer| {
                self.write_description(writer)?;
                for (file, count) in self.by_file() {
                    self.write_file(file, &count, writer)?;
                }
                Ok(())
            })?;
        String::from_utf8(writer.into_inner()).map_err(io::Error::other)
    }

    fn write_description(&self, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        let faults: Vec<String> = self.plugin.faults.iter().map(ToString::to_string).collect();
        let failures = self.failures_over_all().to_string();
        writer
            .create_element("testsuite")
            .with_attribute(("name", "description"))
            .with_attribute(("tests", "2"))
            .with_attribute(("failures", &*failures))
            .with_attribute(("errors", "0"))
            .with_attribute(("skipped", "0"))
            .with_attribute(("time", "0.000"))
            .write_inner_content(|writer| {
                self.write_properties(writer)?;
                let name = "what-the-plugin-says-of-itself";
                over_all(writer, name, "META-1", &faults.join("\n"))?;
                let verdict = match self.conforms() {
                    true => String::new(),
                    false => self.verdict(),
                };
                over_all(writer, "verdict", "verdict", &verdict)
            })
            .map(drop)
    }

    /// Of what the plugin says of itself, and of the verdict.
    fn failures_over_all(&self) -> usize {
        let faults = self.plugin.faults.len().min(1);
        faults.saturating_add(usize::from(!self.conforms()))
    }

    fn write_properties(&self, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        let claim = self.plugin.claim.as_ref();
        let levels = claim.map(|it| it.levels.iter().map(ToString::to_string));
        let levels: Vec<String> = levels.into_iter().flatten().collect();
        let digest = self.plugin.digest.as_deref().unwrap_or("unknown");
        let properties = [
            ("plugin", claim.map_or("unknown", |it| &it.name).to_owned()),
            ("plugin.file", self.plugin.file.clone()),
            ("plugin.sha256", digest.to_owned()),
            ("plugin.levels", levels.join(" ")),
            ("contract", CONTRACT.to_owned()),
            ("level", self.level.to_string()),
            ("host", self.host.clone()),
            ("tool", format!("countersign {VERSION}")),
            ("filters", self.selection.join(" ")),
        ];
        writer
            .create_element("properties")
            .write_inner_content(|writer| {
                for (name, value) in &properties {
                    writer
                        .create_element("property")
                        .with_attribute(("name", *name))
                        .with_attribute(("value", &*shown(value)))
                        .write_empty()?;
                }
                Ok(())
            })
            .map(drop)
    }

    fn write_file(
        &self,
        file: &str,
        count: &Count,
        writer: &mut Writer<Vec<u8>>,
    ) -> io::Result<()> {
        let cases = || self.tried.iter().filter(|it| it.file == file);
        let time = cases().map(|it| it.time).sum();
        writer
            .create_element("testsuite")
            .with_attribute(("name", file))
            .with_attribute(("tests", &*tests(count).to_string()))
            .with_attribute(("failures", &*self.failures(count).to_string()))
            .with_attribute(("errors", "0"))
            .with_attribute(("skipped", &*self.skips(count).to_string()))
            .with_attribute(("time", &*seconds(time)))
            .write_inner_content(|writer| {
                for tried in cases() {
                    self.write_case(tried, writer)?;
                }
                Ok(())
            })
            .map(drop)
    }

    fn write_case(&self, tried: &Tried, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        if matches!(tried.verdict, Verdict::NotApplicable) {
            return Ok(());
        }
        let class = format!("countersign.{}", tried.file);
        let case = writer
            .create_element("testcase")
            .with_attribute(("name", &*tried.id))
            .with_attribute(("classname", &*class))
            .with_attribute(("time", &*seconds(tried.time)));
        let Some(reason) = tried.verdict.reason() else {
            return case.write_empty().map(drop);
        };
        let duties = tried.covers.join(" ");
        let is_required = matches!(tried.verdict, Verdict::Skipped(super::Skip::Lacking(_)));
        let fails = tried.verdict.is_bad() || (is_required && !self.allows_skips);
        let reason = format!("{}: {reason}", tried.verdict.name());
        case.write_inner_content(|writer| match fails {
            true => failure(writer, &duties, &reason),
            false => writer
                .create_element("skipped")
                .with_attribute(("message", &*shown(&reason)))
                .write_empty()
                .map(drop),
        })
        .map(drop)
    }

    fn failures(&self, count: &Count) -> usize {
        let skipped = if self.allows_skips { 0 } else { count.skipped };
        [count.failed, count.unexpected_passes, skipped]
            .iter()
            .sum()
    }

    fn skips(&self, count: &Count) -> usize {
        let skipped = if self.allows_skips { count.skipped } else { 0 };
        [count.expected_failures, count.beyond, skipped]
            .iter()
            .sum()
    }
}

/// Writes what is about no case; it fails where there is a text of why.
fn over_all(writer: &mut Writer<Vec<u8>>, name: &str, kind: &str, why: &str) -> io::Result<()> {
    let case = writer
        .create_element("testcase")
        .with_attribute(("name", name))
        .with_attribute(("classname", "countersign.description"))
        .with_attribute(("time", "0.000"));
    if why.is_empty() {
        return case.write_empty().map(drop);
    }
    case.write_inner_content(|writer| failure(writer, kind, why))
        .map(drop)
}

fn tests(count: &Count) -> usize {
    [
        count.passed,
        count.failed,
        count.expected_failures,
        count.unexpected_passes,
        count.skipped,
        count.beyond,
    ]
    .iter()
    .sum()
}

fn failure(writer: &mut Writer<Vec<u8>>, kind: &str, text: &str) -> io::Result<()> {
    let lines: Vec<String> = text.lines().map(shown).collect();
    let first = lines.first().map_or("", String::as_str);
    writer
        .create_element("failure")
        .with_attribute(("type", kind))
        .with_attribute(("message", first))
        .write_text_content(BytesText::new(&lines.join("\n")))
        .map(drop)
}

fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}

/// What a stranger wrote, without what XML cannot hold or a reader cannot see.
fn shown(text: &str) -> String {
    let text = Printable(text).to_string();
    text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}
