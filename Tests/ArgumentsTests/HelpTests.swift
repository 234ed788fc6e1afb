import Testing

@testable import Arguments

struct HelpTests {
  private var grind: Command<Sample.Action> {
    Sample.root.subcommand(named: "grind") ?? Command("missing", "")
  }

  @Test func theShortFormHasOneLineAnArgument() {
    let text = grind.help(path: ["mill", "grind"], globals: Sample.root.globals, long: false)
    #expect(
      text == """
        Grind corn

        Usage: mill grind [OPTIONS] <CORN> [EXTRA]

        Arguments:
          <CORN>   What to grind
          [EXTRA]  What to add

        Options:
          -n, --tail <TAIL>    Begin with the newest
              --since <SINCE>  Begin at a time
          -t, --tag <TAG>...   Keep those with the tag
          -q, --quiet          Say nothing
          -f, --fine           Grind finely
              --delay <DELAY>  Wait

        Global options:
              --dir <DIR>        Where to work
              --color <WHEN>     Colours [possible values: auto, always, never]
              --format <FORMAT>  Layout [possible values: pretty, json]
          -h, --help             Print help (more with --help)
          -V, --version          Print the version

        EXAMPLES
          # grind one
          $ mill grind wheat

        """)
  }

  @Test func theLongFormKeepsIndentedLinesAndFillsTheOthers() {
    let text = grind.help(path: ["mill", "grind"], globals: [], long: true)
    #expect(text.contains("Grinds what it is given. And says so.\n\n  kept   as it is\n\nThe end.\n"))
  }

  @Test func proseIsBrokenAtTheWidth() {
    let prose = Array(repeating: "word", count: 60).joined(separator: " ")
    let lines = TextLayout.paragraphs(prose, indent: 10).split(separator: "\n")
    #expect(lines.count == 4)
    #expect(lines.allSatisfy { $0.utf8.count <= TextLayout.width && $0.hasPrefix("          word") })
  }

  @Test(arguments: Shell.allCases)
  func completionsNameEverythingShownAndNothingHidden(shell: Shell) {
    let script = Sample.root.completionScript(for: shell)
    for word in ["grind", "store", "put", "tail", "color", "always", "dir"] { #expect(script.contains(word)) }
    for word in ["drop", "very-fine", "jsonl"] { #expect(!script.contains(word)) }
  }

  @Test func manualPagesEscapeWhatRoffWouldRead() {
    var command = grind
    command.details = ".starts with a dot \\ and -dashes"
    let page = command.manualPage(path: ["mill", "grind"], globals: Sample.root.globals, version: "1")
    #expect(page.contains("\\&.starts with a dot \\e and \\-dashes"))
    #expect(page.hasPrefix(".TH \"MILL\\-GRIND\" 1"))
    #expect(page.contains(".B \\-n, \\-\\-tail <TAIL>"))
  }
}
