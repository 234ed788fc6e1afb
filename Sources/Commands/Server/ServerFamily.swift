package import CommandSupport

/// The commands about the gateway and who may use it.
package enum ServerFamily {
  package static let commands: [ProgramCommand] = [ServeCommand.command, AccessCommands.command]
}
