//! The contract's files, as this library carries them.

/// Name and text of every file of `wit/`, in the order of their names. A test holds the list to the folder.
pub(crate) const FILES: [(&str, &str); 12] = [
    (
        "wit/administration.wit",
        include_str!("../../../wit/administration.wit"),
    ),
    (
        "wit/enrollment.wit",
        include_str!("../../../wit/enrollment.wit"),
    ),
    ("wit/keyring.wit", include_str!("../../../wit/keyring.wit")),
    ("wit/meta.wit", include_str!("../../../wit/meta.wit")),
    ("wit/policy.wit", include_str!("../../../wit/policy.wit")),
    (
        "wit/recovery.wit",
        include_str!("../../../wit/recovery.wit"),
    ),
    ("wit/sign-in.wit", include_str!("../../../wit/sign-in.wit")),
    ("wit/sms.wit", include_str!("../../../wit/sms.wit")),
    ("wit/store.wit", include_str!("../../../wit/store.wit")),
    ("wit/types.wit", include_str!("../../../wit/types.wit")),
    (
        "wit/verification.wit",
        include_str!("../../../wit/verification.wit"),
    ),
    ("wit/world.wit", include_str!("../../../wit/world.wit")),
];

/// What they depend on.
pub(crate) const DEPENDENCIES: [&str; 2] = [
    include_str!("../../../wit/deps/wasi-clocks/wall-clock.wit"),
    include_str!("../../../wit/deps/wasi-random/random.wit"),
];
