internal import Arguments
package import JSON

/// How results and errors of one run are shown: decided once, from the global options and the terminals.
package struct Presentation {
  /// Reports: what commands that emit no messages print.
  package enum Reports: Equatable {
    case json(JSONStyle)
    /// Prose for a person who looks at it.
    case prose
    /// Tables without frills, when text was asked for and goes into a pipe.
    case plain
  }

  package enum Errors: Equatable {
    case json
    case text(isColored: Bool)
  }

  /// How a command that emits message after message lays them out.
  package let messages: JSONStyle
  /// How a command that emits exactly one message lays it out.
  package let oneMessage: JSONStyle
  package let reports: Reports
  package let errors: Errors

  init(_ invocation: Invocation, output: Output, errors errorOutput: Output, noColor: Bool = false) {
    let color = invocation.value(Globals.color)
    let always = color?.hasSameBytes(as: "always") ?? false
    let never = color?.hasSameBytes(as: "never") ?? false
    let outputColor = always || (!never && !noColor && output.takesColor)
    let errorColor = always || (!never && !noColor && errorOutput.takesColor)
    switch Globals.Format(invocation) {
    case .pretty:
      messages = JSONStyle(isPretty: true, isColored: outputColor)
      oneMessage = messages
      reports = output.isTerminal ? .prose : .plain
      errors = .text(isColored: errorColor)
    case .json:
      messages = .compact
      oneMessage = .compact
      reports = .json(.compact)
      errors = .json
    case nil:
      let pretty = JSONStyle(isPretty: true, isColored: outputColor)
      messages = output.isTerminal ? pretty : .compact
      // A single object in forced colour is for eyes, wherever it goes.
      oneMessage = output.isTerminal || always ? pretty : .compact
      reports = output.isTerminal ? .prose : .json(always ? pretty : .compact)
      errors = errorOutput.isTerminal ? .text(isColored: errorColor) : .json
    }
  }
}
