@testable import Arguments

/// A small program to parse for: `mill [--dir DIR] [--color WHEN] grind|store (put|drop)`.
enum Sample {
  enum Action: Sendable, Equatable { case grind, put, drop }

  static let directory = Option.value("dir", "DIR", "Where to work").with {
    $0.conflictingValues = "conflicting --dir values select different directories"
    $0.source = .directory
  }
  static let color = Option.value("color", "WHEN", "Colours").with { $0.choices = ["auto", "always", "never"] }
  static let format = Option.value("format", "FORMAT", "Layout").with {
    $0.choices = ["pretty", "json"]
    $0.hiddenChoices = ["jsonl"]
  }

  static let tail = Option.value("tail", short: "n", "TAIL", "Begin with the newest").with { $0.conflicts = ["since"] }
  static let since = Option.value("since", "SINCE", "Begin at a time")
  static let tag = Option.values("tag", short: "t", "TAG", "Keep those with the tag")
  static let quiet = Option.flag("quiet", short: "q", "Say nothing")
  static let fine = Option.flag("fine", short: "f", "Grind finely").with { $0.hiddenNames = ["very-fine"] }
  static let delay = Option.value("delay", "DELAY", "Wait").with { $0.requires = ["tail"] }
  static let json = Option.synonym("json", for: format, value: "json")
  static let corn = Positional("CORN", .required, "What to grind")
  static let extra = Positional("EXTRA", .optional, "What to add")
  static let names = Positional("NAME", .oneOrMore, "What to store", source: .pool)

  static let root = Command<Action>("mill", "A mill").with {
    $0.globals = [directory, color, format]
    $0.subcommands = [
      Command("grind", "Grind corn").with {
        $0.details = "Grinds what it is given.\nAnd says so.\n\n  kept   as it is\n\nThe end."
        $0.positionals = [corn, extra]
        $0.options = [tail, since, tag, quiet, fine, delay, json]
        $0.examples = [Command.Example("grind one", "mill grind wheat")]
        $0.action = .grind
      },
      Command("store", "Keep flour").with {
        $0.subcommands = [
          Command("put", "Put flour away").with {
            $0.positionals = [names]
            $0.action = .put
          },
          Command("drop", "Throw flour away").with {
            $0.isHidden = true
            $0.action = .drop
          },
        ]
      },
    ]
  }
}
