import { spawn } from 'node:child_process'

/**
 * The command that opens an address in the default browser. On Windows not `start`, whose shell would give `&` and `%`
 * a meaning of their own.
 */
export function findOpenCommand(url: string, platform: NodeJS.Platform): [string, string[]] {
  if (platform === 'win32') return ['rundll32', ['url.dll,FileProtocolHandler', url]]
  if (platform === 'darwin') return ['open', [url]]
  return ['xdg-open', [url]]
}

/** Opens the address in the default browser; where there is none, the printed address has to do. */
export function openBrowser(url: string): void {
  const [command, args] = findOpenCommand(url, process.platform)
  const child = spawn(command, args, { stdio: 'ignore', detached: true })
  child.on('error', () => undefined)
  child.unref()
}
