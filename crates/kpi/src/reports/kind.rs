//! The four reports.

use jiff::civil::Date;
use palisade_base::{Permission, Scope};
use palisade_web::Access;

use crate::{standing::READ_STANDING, types::EVALUATION};

/// Which report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// How one employee does.
    Employee,
    /// How a team does, and who stands where in it.
    Team,
    /// Where a group's skills lie, and where its gaps.
    Skills,
    /// Which tools people can operate, and have on their trucks.
    Tools,
}

impl Kind {
    /// All of them, in the order that pages list them.
    pub const ALL: [Self; 4] = [Self::Employee, Self::Team, Self::Skills, Self::Tools];

    /// Its name in addresses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Employee => "employee",
            Self::Team => "team",
            Self::Skills => "skills",
            Self::Tools => "tools",
        }
    }

    /// What it is called.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Employee => "Employee performance",
            Self::Team => "Team performance",
            Self::Skills => "Skills analysis",
            Self::Tools => "Tool inventory",
        }
    }

    /// Which question it answers.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::Employee => {
                "How one person does: scores, every rating, tools, what to work on. Prints as a review pack to be signed."
            }
            Self::Team => "How people compare, how tiers are spread, and who is best at what.",
            Self::Skills => "Which skills the company has, and where its largest gaps are.",
            Self::Tools => "Who can operate what, what is on the trucks, what to buy and where to train.",
        }
    }

    /// The page of it.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Employee => "/reports/employee",
            Self::Team => "/reports/team",
            Self::Skills => "/reports/skills",
            Self::Tools => "/reports/tools",
        }
    }

    /// The parameters that it takes, besides the days and the table.
    #[must_use]
    pub const fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::Employee => &["employee"],
            Self::Team => &["team", "tier", "employees"],
            Self::Skills | Self::Tools => &["team", "tier", "category"],
        }
    }

    /// Who may open it. One's own performance is everybody's to see; figures of a group are for who sees others.
    #[must_use]
    pub fn access(self) -> Access {
        let (permission, scope) = self.permission();
        Access::Permission(permission, scope)
    }

    /// What one must be allowed to open it.
    #[must_use]
    pub const fn permission(self) -> (Permission, Scope) {
        match self {
            Self::Employee => (Permission::new(EVALUATION.verbs.read.permission), Scope::Own),
            Self::Team | Self::Skills | Self::Tools => (Permission::new(READ_STANDING), Scope::Team),
        }
    }

    /// What the trail calls it.
    pub(super) const fn action(self) -> &'static str {
        match self {
            Self::Employee => "report.employee",
            Self::Team => "report.team",
            Self::Skills => "report.skills",
            Self::Tools => "report.tools",
        }
    }

    /// The name of its files: letters and digits only, since it goes into a header.
    pub(super) fn file_stem(self, chosen: &str, day: Date) -> String {
        let prefix = match self {
            Self::Employee => "employee_performance",
            Self::Team => "team_performance",
            Self::Skills => "skills_analysis",
            Self::Tools => "tool_inventory",
        };
        let words = chosen.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let parts: Vec<&str> = std::iter::once(prefix).chain(words).collect();
        format!("{}_{}", parts.join("_"), day.strftime("%Y%m%d"))
    }

    /// The table that its file of text holds where none is asked for.
    pub(super) const fn main_table(self) -> &'static str {
        match self {
            Self::Employee => "detailed-skills",
            Self::Team => "employee-comparison",
            Self::Skills => "skill-details",
            Self::Tools => "tool-details",
        }
    }
}
