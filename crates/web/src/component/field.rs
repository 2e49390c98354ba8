//! Form fields: label above, hint under the label, error beside the field, value kept.

use askama::Template;

use super::html_safe;

/// One answer of a choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is shown.
    pub label: String,
    /// A line of explanation.
    pub hint: Option<String>,
}

impl Choice {
    /// An answer.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), hint: None }
    }

    /// With a line of explanation (radio buttons and checkboxes only).
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Control {
    Input(&'static str),
    Area { rows: u8 },
    Select(Vec<Choice>),
    Radios(Vec<Choice>),
    Checkboxes(Vec<Choice>),
    Checkbox { value: String },
    File { accept: &'static str },
}

/// A field with its label. The id is `f-` and the name, which is what [`super::ErrorSummary`] links to.
#[derive(Clone, Debug, Template)]
#[template(path = "component/field.html")]
pub struct Field {
    name: String,
    label: String,
    hint: Option<String>,
    error: Option<String>,
    control: Control,
    values: Vec<String>,
    required: bool,
    marked_optional: bool,
    autocomplete: Option<&'static str>,
    input_mode: Option<&'static str>,
    max_length: Option<u32>,
    min: Option<String>,
    max: Option<String>,
    suffix: Option<String>,
    class: &'static str,
    autofocus: bool,
    read_only: bool,
    id_suffix: &'static str,
}

html_safe!(Field);

impl Field {
    fn new(name: impl Into<String>, label: impl Into<String>, control: Control) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            hint: None,
            error: None,
            control,
            values: Vec::new(),
            required: false,
            marked_optional: false,
            autocomplete: None,
            input_mode: None,
            max_length: None,
            min: None,
            max: None,
            suffix: None,
            class: "",
            autofocus: false,
            read_only: false,
            id_suffix: "",
        }
    }

    /// A line of text.
    pub fn text(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(name, label, Control::Input("text"))
    }

    /// An e-mail address.
    pub fn email(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(name, label, Control::Input("email"))
    }

    /// A telephone number.
    pub fn phone(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(name, label, Control::Input("tel"))
    }

    /// A text to search for.
    pub fn search(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(name, label, Control::Input("search"))
    }

    /// A password: never filled.
    pub fn password(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(name, label, Control::Input("password"))
    }

    /// A number, typed in a text field: browsers' number fields lose what they can't read.
    pub fn number(name: impl Into<String>, label: impl Into<String>) -> Self {
        let mut field = Self::new(name, label, Control::Input("text")).short();
        field.input_mode = Some("numeric");
        field
    }

    /// A one-time code of digits.
    pub fn code(name: impl Into<String>, label: impl Into<String>) -> Self {
        let mut field = Self::number(name, label);
        field.autocomplete = Some("one-time-code");
        field.class = "code";
        field
    }

    /// A date, `YYYY-MM-DD`.
    pub fn date(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(name, label, Control::Input("date")).short()
    }

    /// A date and a time of day, `YYYY-MM-DDTHH:MM`.
    pub fn date_time(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(name, label, Control::Input("datetime-local"))
    }

    /// Several lines of text.
    pub fn area(name: impl Into<String>, label: impl Into<String>, rows: u8) -> Self {
        Self::new(name, label, Control::Area { rows })
    }

    /// One of many, in a list that folds.
    pub fn select(
        name: impl Into<String>,
        label: impl Into<String>,
        choices: impl IntoIterator<Item = Choice>,
    ) -> Self {
        Self::new(name, label, Control::Select(choices.into_iter().collect()))
    }

    /// One of a few, all visible.
    pub fn radios(
        name: impl Into<String>,
        label: impl Into<String>,
        choices: impl IntoIterator<Item = Choice>,
    ) -> Self {
        Self::new(name, label, Control::Radios(choices.into_iter().collect()))
    }

    /// Any of a few, all visible; the name is sent once for each.
    pub fn checkboxes(
        name: impl Into<String>,
        label: impl Into<String>,
        choices: impl IntoIterator<Item = Choice>,
    ) -> Self {
        Self::new(name, label, Control::Checkboxes(choices.into_iter().collect()))
    }

    /// Yes or no; sends `on`, or nothing.
    pub fn checkbox(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(name, label, Control::Checkbox { value: "on".to_owned() })
    }

    /// A file; `accept` as in HTML (`.xlsx,.csv`).
    pub fn file(name: impl Into<String>, label: impl Into<String>, accept: &'static str) -> Self {
        Self::new(name, label, Control::File { accept })
    }

    /// The name under which it is sent.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is a text to search for.
    #[must_use]
    pub fn is_search(&self) -> bool {
        self.control == Control::Input("search")
    }

    /// A line under the label.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Its value. For a checkbox `on` ticks it.
    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.values = vec![value.into()];
        self
    }

    /// The values of checkboxes.
    #[must_use]
    pub fn values(mut self, values: impl IntoIterator<Item = String>) -> Self {
        self.values = values.into_iter().collect();
        self
    }

    /// Ticks a checkbox, or not.
    #[must_use]
    pub fn ticked(mut self, ticked: bool) -> Self {
        self.values = if ticked { vec!["on".to_owned()] } else { Vec::new() };
        self
    }

    /// What is wrong with it.
    #[must_use]
    pub fn error(mut self, error: impl Into<String>) -> Self {
        self.error = Some(error.into());
        self
    }

    /// It must be filled. Told to assistive technology; the check and its words are the server's.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Says "optional" beside the label: where most fields must be filled, the others are marked.
    #[must_use]
    pub const fn optional(mut self) -> Self {
        self.marked_optional = true;
        self
    }

    /// The browser's autocomplete token, such as `username` or `new-password`.
    #[must_use]
    pub const fn autocomplete(mut self, token: &'static str) -> Self {
        self.autocomplete = Some(token);
        self
    }

    /// The most characters that can be typed.
    #[must_use]
    pub const fn max_length(mut self, characters: u32) -> Self {
        self.max_length = Some(characters);
        self
    }

    /// The earliest date.
    #[must_use]
    pub fn min(mut self, min: impl Into<String>) -> Self {
        self.min = Some(min.into());
        self
    }

    /// The latest date.
    #[must_use]
    pub fn max(mut self, max: impl Into<String>) -> Self {
        self.max = Some(max.into());
        self
    }

    /// A unit behind the field, such as `minutes`.
    #[must_use]
    pub fn suffix(mut self, unit: impl Into<String>) -> Self {
        self.suffix = Some(unit.into());
        self
    }

    /// As wide as a number or date.
    #[must_use]
    pub const fn short(mut self) -> Self {
        self.class = "short";
        self
    }

    /// The cursor is here when the page opens. One field of a page at most.
    #[must_use]
    pub const fn focused(mut self) -> Self {
        self.autofocus = true;
        self
    }

    /// Shown, and not to be changed.
    #[must_use]
    pub const fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// An ending for its id, where two forms of a page have a field of this name.
    #[must_use]
    pub const fn id_suffix(mut self, suffix: &'static str) -> Self {
        self.id_suffix = suffix;
        self
    }

    /// Its label.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// How the choice of this value reads, where the field has such a choice.
    #[must_use]
    pub fn choice_label(&self, value: &str) -> Option<&str> {
        let (Control::Select(choices) | Control::Radios(choices) | Control::Checkboxes(choices)) = &self.control else {
            return None;
        };
        choices.iter().find(|choice| choice.value == value).map(|choice| choice.label.as_str())
    }

    /// With what a form keeps: see [`crate::FormView::fill`].
    pub(crate) fn filled(mut self, values: Option<&[String]>, error: Option<&str>) -> Self {
        let is_kept = !matches!(self.control, Control::Input("password") | Control::File { .. });
        if let Some(values) = values.filter(|_| is_kept) {
            self.values = values.to_vec();
        }
        if let Some(error) = error {
            self.error = Some(error.to_owned());
        }
        self
    }

    fn text_value(&self) -> &str {
        let keeps = self.control != Control::Input("password");
        self.values.first().filter(|_| keeps).map_or("", String::as_str)
    }

    fn has(&self, value: &str) -> bool {
        self.values.iter().any(|chosen| chosen == value)
    }

    fn described_by(&self) -> String {
        let mut ids = Vec::new();
        if self.hint.is_some() {
            ids.push(format!("f-{}{}-hint", self.name, self.id_suffix));
        }
        if self.error.is_some() {
            ids.push(format!("f-{}{}-error", self.name, self.id_suffix));
        }
        ids.join(" ")
    }

    /// So many choices that they stand in columns where there is room.
    const fn is_long(&self) -> bool {
        matches!(&self.control, Control::Checkboxes(choices) if choices.len() > 8)
    }

    const fn is_group(&self) -> bool {
        matches!(self.control, Control::Radios(_) | Control::Checkboxes(_))
    }
}
