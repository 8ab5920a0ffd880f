use std::collections::BTreeSet;
use std::fmt::Write;

use super::*;
use crate::contract::{Deadline, Method};

fn enforced() -> Mode {
    Mode::EnforcedFrom(Deadline {
        at: 1_800_000_000,
        zone: "UTC".to_owned(),
    })
}

/// The fields that a change to a profile's own policy makes depart from it.
fn departing(profile: Profile, change: impl FnOnce(&mut Policy)) -> Vec<&'static str> {
    let mut policy = profile.policy(enforced());
    change(&mut policy);
    let departures = profile.departures(&policy);
    departures.iter().map(|it| it.field).collect()
}

/// Every field of a policy, by its path.
fn paths(json: &Value, before: &str, found: &mut BTreeSet<String>) {
    for (name, value) in json.as_object().into_iter().flatten() {
        match value {
            Value::Object(_) => paths(value, &format!("{before}{name}."), found),
            _ => {
                found.insert(format!("{before}{name}"));
            }
        }
    }
}

#[test]
fn the_table_of_the_documentation_is_the_data() {
    let mut tables = String::new();
    for &profile in Profile::ALL {
        write!(
            tables,
            "\n## `{profile}`: {}\n\n| field | value | floor | because |\n|---|---|---|---|\n",
            profile.title()
        )
        .unwrap();
        for it in profile.values() {
            let floor = if it.is_floor { "floor" } else { "" };
            let (field, value, because) = (it.field, it.value, it.because);
            writeln!(tables, "| `{field}` | {value} | {floor} | {because} |").unwrap();
        }
    }
    let page = include_str!("../../profiles/README.md");
    let written = page.find("\n## `").map(|at| page.split_at(at).1);
    assert!(
        written == Some(&tables),
        "expected in profiles/README.md:\n{tables}"
    );
}

#[test]
fn every_field_of_a_policy_has_a_value_and_a_reason_in_every_profile() {
    let mut fields = BTreeSet::new();
    paths(&Policy::app_only(Mode::Off).to_json(), "", &mut fields);
    let measured: BTreeSet<String> = FIELDS.iter().map(|(it, _)| (*it).to_owned()).collect();
    assert_eq!(measured, fields);
    for &profile in Profile::ALL {
        let data = profile.data();
        let reasons: BTreeSet<String> = data.because.keys().cloned().collect();
        assert_eq!(reasons, fields, "{profile}");
        assert!(data.because.values().all(|it| it.len() > 10), "{profile}");
        let floors: BTreeSet<String> = data.floor.iter().cloned().collect();
        let measurable = |it: &&(&str, Measure)| !matches!(it.1, Measure::Free);
        let measurable = FIELDS.iter().filter(measurable);
        let measurable: BTreeSet<String> = measurable.map(|(it, _)| (*it).to_owned()).collect();
        assert!(floors.is_subset(&measurable), "{profile}: {floors:?}");
        let mut json = profile.policy(Mode::Off).to_json();
        json.as_object_mut().unwrap().remove("mode");
        assert_eq!(json, data.policy, "{profile}");
    }
}

#[test]
fn a_profile_is_found_by_its_name() {
    for &profile in Profile::ALL {
        assert_eq!(Profile::named(profile.name()), Some(profile));
    }
    assert_eq!(Profile::named("PCI"), None);
}

#[test]
fn a_profile_does_not_depart_from_itself_once_it_is_enforced() {
    for &profile in Profile::ALL {
        assert_eq!(profile.departures(&profile.policy(enforced())), []);
        let strict = profile != Profile::Procore;
        for mode in [Mode::Off, Mode::Voluntary] {
            let departures = profile.departures(&profile.policy(mode));
            assert_eq!(departures.len(), usize::from(strict), "{departures:?}");
        }
    }
}

#[test]
fn what_is_laxer_departs_and_what_is_stricter_does_not() {
    let lax = Profile::Procore.policy(enforced());
    let fields = |profile: Profile| -> Vec<&str> {
        let departures = profile.departures(&lax);
        departures.iter().map(|it| it.field).collect()
    };
    assert_eq!(
        fields(Profile::AsvsL2),
        [
            "first-binding",
            "reset-authority",
            "totp-window",
            "sms.lifetime-minutes",
            "sms.beyond-ten-minutes",
            "sms.resend",
            "sms.may-manage-app"
        ]
    );
    assert_eq!(
        fields(Profile::NistAal2),
        [
            "sms.lifetime-minutes",
            "sms.beyond-ten-minutes",
            "sms.resend",
            "sms.may-manage-app"
        ]
    );
    assert_eq!(fields(Profile::Pci), ["guessing"]);
    for &profile in Profile::ALL {
        let strict = |it: &mut Policy| {
            it.methods = vec![Method::Totp];
            it.sms.countries.clear();
            it.sms.lifetime_minutes = 5;
            it.reauth_interval = 300;
            it.guessing = crate::contract::policy::Guessing::AlsoUserWideTen;
        };
        assert_eq!(departing(profile, strict), [""; 0], "{profile}");
    }
}

#[test]
fn each_field_of_a_floor_is_measured() {
    let asvs = Profile::AsvsL2;
    assert_eq!(
        departing(asvs, |it| it.reauth_interval = 43_201),
        ["reauth-interval"]
    );
    assert_eq!(departing(asvs, |it| it.device_days = 1), ["device-days"]);
    let trusting = |it: &mut Policy| it.trusted_providers.push("okta".to_owned());
    assert_eq!(departing(asvs, trusting), ["trusted-providers"]);
    let mut policy = Profile::Procore.policy(Mode::Voluntary);
    policy.sms.countries.push("SE".to_owned());
    let departures = Profile::Procore.departures(&policy);
    assert_eq!(
        departures[0].wants,
        "none but US CA MX GB IE FR DE ES IT AU NZ SG HK"
    );
}
