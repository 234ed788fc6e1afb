package import Arguments

/// What running a command means. The tree of commands carries one at every leaf.
package struct Action: Sendable {
  package let run: @Sendable (Invocation, Session) throws(CommandError) -> ExitCode

  package init(_ run: @escaping @Sendable (Invocation, Session) throws(CommandError) -> ExitCode) {
    self.run = run
  }
}

package typealias ProgramCommand = Command<Action>
