//! Pictures of our own drawing, from one sprite.

use std::fmt;

use askama::filters::HtmlSafe;

use crate::assets;

macro_rules! icons {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)*) => {
        /// A picture beside a word; it never stands for the word.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Icon {
            $($(#[$doc])* $variant,)*
        }

        impl Icon {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its id in the sprite.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

icons! {
    /// A house.
    Home = "home";
    /// Two people.
    People = "people";
    /// One person.
    Person = "person";
    /// Three linked circles.
    Team = "team";
    /// Steps upwards.
    Tier = "tier";
    /// A star: what somebody can do.
    Skill = "skill";
    /// A wrench.
    Tool = "tool";
    /// A folder.
    Category = "category";
    /// A sheet with lines.
    Sheet = "sheet";
    /// A shield.
    Shield = "shield";
    /// A key.
    Key = "key";
    /// A padlock.
    Lock = "lock";
    /// A chain of links: the trail.
    Trail = "trail";
    /// Two sliders.
    Settings = "settings";
    /// A clock.
    Clock = "clock";
    /// A telephone.
    Device = "device";
    /// A magnifying glass.
    Search = "search";
    /// A question mark in a circle.
    Help = "help";
    /// Three lines.
    Menu = "menu";
    /// A tick in a circle.
    Ok = "ok";
    /// An i in a circle.
    Note = "note";
    /// A triangle.
    Warn = "warn";
    /// An octagon.
    Stop = "stop";
    /// A cross.
    Plus = "plus";
    /// A pen.
    Edit = "edit";
    /// A box.
    Archive = "archive";
    /// An arrow into a tray.
    Import = "import";
    /// An arrow out of a tray.
    Export = "export";
    /// Two sheets.
    Copy = "copy";
    /// Pointing down.
    Down = "down";
    /// Pointing up.
    Up = "up";
    /// Pointing left.
    Left = "left";
    /// Pointing right.
    Right = "right";
    /// A door with an arrow.
    Exit = "exit";
}

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sprite = assets::path("icons.svg");
        write!(f, r##"<svg class="icon" aria-hidden="true"><use href="{sprite}#{}"/></svg>"##, self.name())
    }
}

impl HtmlSafe for Icon {}
