internal import Arguments
internal import CommandSupport
internal import Documents
internal import Platform
internal import Pools

/// `weir doctor`
enum DoctorCommand {
  static let pool = Positional("POOL", .optional, "The pool: a name in the pool directory, or a path", source: .pool)
  static let all = Option.flag("all", "Look at every pool of the pool directory")

  static let command = ProgramCommand("doctor", "Check pools for damage").with {
    $0.details = """
      Walks the whole ring: header, every frame, checksums, and a sample of the index. Nothing is changed. What is odd but \
      harmless is shown as a warning.

      The exit code is 7 if any pool is damaged.
      """
    $0.positionals = [pool]
    $0.options = [all, Globals.json]
    $0.needsSomething = true
    $0.examples = [
      ProgramCommand.Example("one pool", "weir doctor events"),
      ProgramCommand.Example("all of them", "weir doctor --all"),
    ]
    $0.action = Action(run)
  }

  /// What was found in one pool.
  private struct Finding {
    let label: String
    let path: String
    let report: PoolReport

    var messages: UInt64 { report.bounds.map { $0.upperBound - $0.lowerBound + 1 } ?? 0 }
  }

  static func run(_ invocation: Invocation, _ session: Session) throws(CommandError) -> ExitCode {
    let findings: [Finding]
    let isAll = invocation.has(all)
    switch (invocation.value(pool), isAll) {
    case (let name?, false):
      let reference = try PoolReference(name, in: session)
      findings = [try look(at: reference.path, label: name)]
    case (nil, true): findings = try lookAtAll(session)
    case (nil, false):
      throw .usage("doctor requires a pool name or --all", hint: "Try `weir doctor --help`.")
    case (_?, true):
      throw .usage("--all cannot be combined with a pool name", hint: "Try `weir doctor --help`.")
    }
    try session.print(
      .object([("reports", .list(findings.map(report)))]), prose: { prose(findings, isAll: isAll) },
      plain: { findings.map(plain).joinedText("") })
    return findings.allSatisfy { $0.report.isHealthy } ? .success : .failure(.corrupt)
  }

  private static func lookAtAll(_ session: Session) throws(CommandError) -> [Finding] {
    let directory = try session.poolDirectory()
    guard (try? File.info(directory)) != nil else {
      throw .failed(
        Failure(
          .notFound, "pool directory not found", hint: "Check --dir, or make a pool with `weir pool create NAME`.",
          path: directory))
    }
    let pools = try storing { () throws(PoolError) in try PoolDirectory.list(directory) }
    var findings: [Finding] = []
    for pool in pools { findings.append(try look(at: pool.path, label: pool.path)) }
    return findings
  }

  private static func look(at path: String, label: String) throws(CommandError) -> Finding {
    let report: PoolReport
    do throws(PoolError) {
      report = try Pool.validate(at: path)
    } catch {
      var error = error
      if error.kind == .notFound { error.hint = "Check the name and --dir. Try `weir pool list`." }
      throw CommandError(error)
    }
    return Finding(label: label, path: path, report: report)
  }

  // MARK: JSON

  private static func report(_ finding: Finding) -> Report {
    let issues = finding.report.issue.map { [issue($0)] } ?? []
    return .object([
      ("pool_ref", .text(finding.label)), ("path", .text(finding.path)),
      ("status", .text(finding.report.isHealthy ? "ok" : "corrupt")), ("issues", .list(issues)),
      ("issue_count", .whole(UInt64(issues.count))), ("last_good_seq", .whole(finding.report.lastGoodSequence)),
      ("remediation_hints", .list(hints(finding.report).map { .text($0) })), ("snapshot_path", .null),
    ])
  }

  private static func issue(_ issue: PoolReport.Issue) -> Report {
    .object([
      ("code", .text(issue.code == .format ? "format" : "corrupt")), ("message", .text(issue.message)),
      ("seq", .whole(issue.sequence)), ("offset", .whole(issue.offset)),
    ])
  }

  private static func hints(_ report: PoolReport) -> [String] {
    report.warnings.map { "warning: \($0)" } + (report.issue.map { [remedy($0, report)] } ?? [])
  }

  private static func remedy(_ issue: PoolReport.Issue, _ report: PoolReport) -> String {
    if issue.code == .format {
      return "Open this pool with the program that made it, or a version that knows its format."
    }
    guard let last = report.lastGoodSequence else {
      return "Keep a copy of the file, then delete the pool and create it again."
    }
    return
      "Messages up to seq \(last) are whole: save them with `weir fetch`, then delete the pool and create it again."
  }

  // MARK: Text

  private static func plain(_ finding: Finding) -> String {
    guard let issue = finding.report.issue else { return "OK: \(finding.label)\n" }
    let last = finding.report.lastGoodSequence.map { "\($0)" } ?? "-"
    return "CORRUPT: \(finding.label) last_good_seq=\(last) issue=\(issue.message)\n"
  }

  private static func prose(_ findings: [Finding], isAll: Bool) -> String {
    var text = ""
    for finding in findings {
      let issues = finding.report.issue == nil ? 0 : 1
      text += "\(finding.label): \(finding.report.isHealthy ? "healthy" : "corrupt")\n"
      if finding.report.isHealthy { text += "  messages: \(finding.messages)\n" }
      text += "  checked:  header, index, ring — \(issues) \(issues == 1 ? "issue" : "issues")\n"
      if let issue = finding.report.issue { text += "  issue:    \(issue.message)\n" }
      for warning in finding.report.warnings { text += "  warning:  \(warning)\n" }
      if let issue = finding.report.issue { text += "  hint:     \(remedy(issue, finding.report))\n" }
    }
    guard isAll else { return text }
    let bad = findings.filter { !$0.report.isHealthy }.count
    return text
      + (bad == 0 ? "All \(findings.count) pools healthy.\n" : "\(bad) of \(findings.count) pools unhealthy.\n")
  }
}
