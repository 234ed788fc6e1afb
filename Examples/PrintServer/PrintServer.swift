import Channels
import Platform

/// A conversation from hello to bye: capabilities in the hello, a job in parts, progress, the result, a close in good order.
///
///     PrintServer serve tcp://127.0.0.1:7099 2                          prints two jobs, then ends
///     PrintServer print tcp://127.0.0.1:7099 text/plain report 'page one' 'page two'
///
/// Ends with 0 when all pages were printed, with 1 when not, with 2 for wrong arguments.
@main enum PrintServer {
  static func main() {
    let arguments = Process.arguments
    do throws(ChannelError) {
      switch arguments.first {
      case "serve" where arguments.count == 3:
        var server = try Server()
        try server.run(at: ChannelAddress(arguments[1], for: .listening), jobs: Int(arguments[2]) ?? 1)
      case "print" where arguments.count > 4:
        let client = try Client(ChannelAddress(arguments[1], for: .connecting), format: arguments[2])
        let pages = Array(arguments[4...])
        let printed = try client.print(arguments[3], pages)
        Process.exit(printed == pages.count ? 0 : 1)
      default:
        say("usage: PrintServer serve ADDRESS JOBS | PrintServer print ADDRESS FORMAT TITLE PAGE…")
        Process.exit(2)
      }
    } catch {
      say("error: \(error.message)")
      Process.exit(1)
    }
  }
}

func say(_ line: String) { try? File.standardOutput().write(Array((line + "\n").utf8)) }
