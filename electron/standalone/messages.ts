import { Refusal } from '../../shared/contract/result.ts'

/** One sentence for the terminal: what happened and what to do. Programmer errors keep their stack. */
export function explainFailure(error: unknown, dataDir: string): string {
  const code = error instanceof Refusal ? error.error.code : (error as NodeJS.ErrnoException).code
  switch (code) {
    case 'store-locked':
      return `Another Chanbo uses ${dataDir}. Close it, or start with --data-dir and another folder.`
    case 'store-read-only':
    case 'EACCES':
    case 'EROFS':
    case 'EPERM':
      return `${dataDir} cannot be written. Make it writable for you, or start with --data-dir and another folder.`
    case 'store-full':
    case 'ENOSPC':
      return `The disk of ${dataDir} is full. Free some space and start again; nothing saved is lost.`
    case 'ENOTDIR':
    case 'EEXIST':
      return `${dataDir} is not a folder. Start with --data-dir and a folder.`
    default:
      return error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
}
