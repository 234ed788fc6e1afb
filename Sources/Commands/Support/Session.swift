package import Arguments
package import Documents
internal import JSON
internal import Platform
internal import Pools

/// What one run of a command works with: where its output goes and how it is laid out, the pool directory, the clock.
///
/// Tests make their own, with outputs that keep what is written and a clock that stands still.
package final class Session {
  package let output: Output
  package let errors: Output
  /// Nanoseconds since 1970-01-01 UTC.
  package let now: () -> UInt64
  package let presentation: Presentation
  private let chosenDirectory: String?

  package init(
    _ invocation: Invocation, output: Output, errors: Output, noColor: Bool = false,
    now: @escaping () -> UInt64 = Clock.wall
  ) {
    self.output = output
    self.errors = errors
    self.now = now
    presentation = Presentation(invocation, output: output, errors: errors, noColor: noColor)
    chosenDirectory = invocation.value(Globals.directory)
  }

  /// Where pools are found by name.
  package func poolDirectory() throws(CommandError) -> String {
    if let chosenDirectory {
      if chosenDirectory.utf8.isEmpty { throw .usage("--dir is empty", hint: "Name a directory, or leave --dir out.") }
      return chosenDirectory
    }
    return try storing { () throws(PoolError) in try PoolDirectory.defaultPath() }
  }

  /// A file as people see it: from the pool directory on, or its name alone.
  package func shown(_ path: String) -> String {
    guard let directory = try? poolDirectory(), path.hasBytePrefix(directory) else { return Paths.lastPart(of: path) }
    var rest = path.utf8.dropFirst(directory.utf8.count)
    guard let first = rest.first, Paths.isSeparator(first) || directory.utf8.last.map(Paths.isSeparator) == true else {
      return Paths.lastPart(of: path)
    }
    if Paths.isSeparator(first) { rest = rest.dropFirst() }
    return String(decoding: rest, as: UTF8.self)
  }

  // MARK: Output

  /// Prints a report in the form asked for. `prose` is for a person at a terminal, `plain` for text in a pipe.
  package func print(_ report: Report, prose: () -> String, plain: () -> String) throws(CommandError) {
    switch presentation.reports {
    case .json(let style):
      try output.write(report.line(style).output.bytes)
    case .prose: try output.write(prose())
    case .plain: try output.write(plain())
    }
  }

  /// Tells of an error. A stream that does not take it is ignored: there is nowhere else to go.
  package func report(_ error: Failure) {
    var error = error
    if error.hint == nil { error.hint = error.kind.generalHint }
    switch presentation.errors {
    case .json: say(error.envelope)
    case .text(let isColored):
      let directory = try? Paths.currentDirectory()
      try? errors.write(ErrorReport(error).text(isColored: isColored, directory: directory))
      try? errors.flush()
    }
  }

  package func tell(_ notice: Notice) {
    switch presentation.errors {
    case .json: say(notice.report(time: now()))
    case .text:
      try? errors.write(notice.text)
      try? errors.flush()
    }
  }

  private func say(_ report: Report) {
    try? errors.write(report.line(.compact).output.bytes)
    try? errors.flush()
  }
}
