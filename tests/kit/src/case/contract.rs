//! The files of cases, as this library carries them.

/// Name and text of every file of `tests/cases/`, in the order of their names. A test holds the list to the folder.
pub(super) const CONTRACT: [(&str, &str); 19] = [
    (
        "administration.toml",
        include_str!("../../../cases/administration.toml"),
    ),
    ("assess.toml", include_str!("../../../cases/assess.toml")),
    (
        "attempts.toml",
        include_str!("../../../cases/attempts.toml"),
    ),
    (
        "companies.toml",
        include_str!("../../../cases/companies.toml"),
    ),
    ("devices.toml", include_str!("../../../cases/devices.toml")),
    (
        "enrollment.toml",
        include_str!("../../../cases/enrollment.toml"),
    ),
    ("factors.toml", include_str!("../../../cases/factors.toml")),
    ("faults.toml", include_str!("../../../cases/faults.toml")),
    ("input.toml", include_str!("../../../cases/input.toml")),
    ("policy.toml", include_str!("../../../cases/policy.toml")),
    ("races.toml", include_str!("../../../cases/races.toml")),
    (
        "recovery.toml",
        include_str!("../../../cases/recovery.toml"),
    ),
    (
        "regressions.toml",
        include_str!("../../../cases/regressions.toml"),
    ),
    ("sign-in.toml", include_str!("../../../cases/sign-in.toml")),
    ("sms.toml", include_str!("../../../cases/sms.toml")),
    ("stages.toml", include_str!("../../../cases/stages.toml")),
    (
        "templates.toml",
        include_str!("../../../cases/templates.toml"),
    ),
    ("tickets.toml", include_str!("../../../cases/tickets.toml")),
    ("verify.toml", include_str!("../../../cases/verify.toml")),
];
