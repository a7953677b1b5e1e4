import type { AppEvent } from '../../../shared/contract/event.ts'
import type { Result } from '../../../shared/contract/result.ts'
import type { ConnectionInfo } from '../index.ts'
import type { HandedFile } from '../services.ts'

/** What the shells need of the application core: they relay and decide nothing. */
export interface CorePort {
  openConnection(info: ConnectionInfo): string
  closeConnection(id: string): void
  /** Never rejects. */
  request(connectionId: string, name: string, input: unknown): Promise<Result<unknown>>
  /** A null connection means everyone. Returns the function that stops listening. */
  onEvent(listener: (connectionId: string | null, event: AppEvent) => void): () => void
  registerFile(file: HandedFile): string
  /** Resolves a download handle made by the core; each works once. */
  takeFile(handle: string): { path: string; name: string } | null
  close(): Promise<void>
}
