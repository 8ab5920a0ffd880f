//! The words of a message, and of the notice, in the languages that come with the host.

use crate::contract::sms::MessagePurpose;

/// A language that the host has words in.
///
/// The words of a message keep to the alphabet of text messages, which has no `ó` and no `ê`: so they do without.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Language {
    /// English.
    English,
    /// French.
    French,
    /// German.
    German,
    /// Italian.
    Italian,
    /// Spanish.
    Spanish,
}

impl Language {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::English,
        Self::French,
        Self::German,
        Self::Italian,
        Self::Spanish,
    ];

    /// Returns its tag of BCP 47, for a page's `lang`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::French => "fr",
            Self::German => "de",
            Self::Italian => "it",
            Self::Spanish => "es",
        }
    }

    /// Returns what an interface must say before somebody enrolls a number; see [`NOTICE`](super::NOTICE).
    pub fn notice(self) -> &'static str {
        match self {
            Self::English => super::NOTICE,
            Self::French => {
                "Les codes par SMS sont la méthode la moins sûre : ils peuvent être interceptés, ou votre numéro \
                 transféré à un tiers. Votre opérateur peut facturer les messages. Une application \
                 d’authentification est plus sûre, fonctionne sans réseau, et vous est proposée à la place."
            }
            Self::German => {
                "Codes per SMS sind das schwächere Verfahren: Nachrichten können abgefangen und Nummern übernommen \
                 werden. Ihr Mobilfunkanbieter kann Gebühren berechnen. Eine Authentifizierungs-App ist sicherer, \
                 funktioniert ohne Empfang und steht stattdessen zur Wahl."
            }
            Self::Italian => {
                "I codici via SMS sono il metodo meno sicuro: i messaggi possono essere intercettati e i numeri \
                 trasferiti ad altri. L’operatore può addebitare i messaggi. Un’app di autenticazione è più sicura, \
                 funziona senza rete e può essere scelta in alternativa."
            }
            Self::Spanish => {
                "Los códigos por SMS son el método menos seguro: los mensajes pueden interceptarse y los números \
                 transferirse a otra persona. Su operador puede cobrar los mensajes. Una aplicación de autenticación \
                 es más segura, funciona sin cobertura y puede elegirse en su lugar."
            }
        }
    }

    /// Returns the words of a message, which say what its code is for, with what [`Texts::words`](super::Texts::words)
    /// replaces in them.
    pub fn words(self, purpose: MessagePurpose) -> &'static str {
        match (self, purpose) {
            (Self::English, MessagePurpose::Enroll) => {
                "{issuer}: {code} adds this phone, good for {minutes} min. Never share it. We will never ask for it."
            }
            (Self::English, MessagePurpose::SignIn) => {
                "{issuer}: {code} is your code to sign in, good for {minutes} min. Never share it. \
                 We will never ask for it."
            }
            (Self::English, MessagePurpose::ManageFactors) => {
                "{issuer}: {code} changes how you sign in, good for {minutes} min. Never share it. \
                 We will never ask for it."
            }
            (Self::English, MessagePurpose::StepUp) => {
                "{issuer}: {code} confirms a sensitive action, good for {minutes} min. Never share it. \
                 We will never ask for it."
            }
            (Self::French, MessagePurpose::Enroll) => {
                "{issuer} : {code} ajoute ce mobile, valable {minutes} min. Ne le donnez jamais. \
                 Nous ne le demandons jamais."
            }
            (Self::French, MessagePurpose::SignIn) => {
                "{issuer} : {code} sert à vous connecter, valable {minutes} min. Ne le donnez jamais. \
                 Nous ne le demandons jamais."
            }
            (Self::French, MessagePurpose::ManageFactors) => {
                "{issuer} : {code} modifie vos accès, valable {minutes} min. Ne le donnez jamais. \
                 Nous ne le demandons jamais."
            }
            (Self::French, MessagePurpose::StepUp) => {
                "{issuer} : {code} confirme une opération, valable {minutes} min. Ne le donnez jamais. \
                 Nous ne le demandons jamais."
            }
            (Self::German, MessagePurpose::Enroll) => {
                "{issuer}: {code} fügt dieses Telefon hinzu, gültig {minutes} Min. Geben Sie ihn nie weiter. \
                 Wir fragen nie danach."
            }
            (Self::German, MessagePurpose::SignIn) => {
                "{issuer}: {code} ist Ihr Anmeldecode, gültig {minutes} Min. Geben Sie ihn nie weiter. \
                 Wir fragen nie danach."
            }
            (Self::German, MessagePurpose::ManageFactors) => {
                "{issuer}: {code} ändert Ihre Anmeldeart, gültig {minutes} Min. Geben Sie ihn nie weiter. \
                 Wir fragen nie danach."
            }
            (Self::German, MessagePurpose::StepUp) => {
                "{issuer}: {code} bestätigt einen Vorgang, gültig {minutes} Min. Geben Sie ihn nie weiter. \
                 Wir fragen nie danach."
            }
            (Self::Italian, MessagePurpose::Enroll) => {
                "{issuer}: {code} aggiunge questo telefono, valido {minutes} min. Non lo condivida mai. \
                 Non lo chiederemo mai."
            }
            (Self::Italian, MessagePurpose::SignIn) => {
                "{issuer}: {code} è il suo codice di accesso, valido {minutes} min. Non lo condivida mai. \
                 Non lo chiederemo mai."
            }
            (Self::Italian, MessagePurpose::ManageFactors) => {
                "{issuer}: {code} cambia il modo di accedere, valido {minutes} min. Non lo condivida mai. \
                 Non lo chiederemo mai."
            }
            (Self::Italian, MessagePurpose::StepUp) => {
                "{issuer}: {code} conferma un'operazione, valido {minutes} min. Non lo condivida mai. \
                 Non lo chiederemo mai."
            }
            (Self::Spanish, MessagePurpose::Enroll) => {
                "{issuer}: {code} vincula este teléfono, vale {minutes} min. No la comparta nunca. \
                 Nunca se la pediremos."
            }
            (Self::Spanish, MessagePurpose::SignIn) => {
                "{issuer}: {code} es su clave de acceso, vale {minutes} min. No la comparta nunca. \
                 Nunca se la pediremos."
            }
            (Self::Spanish, MessagePurpose::ManageFactors) => {
                "{issuer}: {code} cambia su forma de acceder, vale {minutes} min. No la comparta nunca. \
                 Nunca se la pediremos."
            }
            (Self::Spanish, MessagePurpose::StepUp) => {
                "{issuer}: {code} confirma un paso importante, vale {minutes} min. No la comparta nunca. \
                 Nunca se la pediremos."
            }
        }
    }
}
