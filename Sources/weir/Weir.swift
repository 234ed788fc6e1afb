import Arguments
import ChannelCommands
import CommandSupport
import PoolCommands

/// The command. Picks a subcommand and does nothing else.
@main
enum Weir {
  static func main() { Program.main(root) }

  static let root: ProgramCommand = ProgramCommand("weir", "Durable message pools for every program on a machine").with
  {
    $0.details = """
      A pool is a file that holds messages: JSON objects with tags, a sequence number and a time. Any number of processes append \
      to it and follow it at the same time, without a server. When it is full, the oldest messages give way.

      A channel carries messages between two programs, over TCP, TLS or a Unix-domain socket.

      A server lets other machines, web pages and agents use the pools, over HTTP.

      The replicated state is a SQLite database on every node, that is written anywhere and read everywhere.

      Results go to standard output, errors and notices to standard error. In a pipe both are JSON, one line each.

      Exit codes:
          0  done                 6  permission denied
          1  internal error       7  corrupt data
          2  usage                8  input or output failed
          3  not found            9  messages are gone
          4  already exists     124  nothing arrived in time
          5  busy               130  interrupted, 143 terminated
      """
    $0.globals = Globals.all
    $0.options = State.options
    $0.subcommands =
      PoolFamily.commands(remote: Remote.maker) + [ChannelFamily.command(secure: Secure.maker)] + Server.commands
      + State.commands + PoolFamily.commandsAboutTheProgram(root: { root })
    $0.examples = [
      ProgramCommand.Example("store a message", "weir feed events --create '{\"hello\":\"world\"}'"),
      ProgramCommand.Example("watch what arrives", "weir follow events"),
      ProgramCommand.Example("look at one again", "weir fetch events 1"),
      ProgramCommand.Example("talk to another program", "weir channel request tcp://127.0.0.1:7099 'are you there?'"),
    ]
  }
}
