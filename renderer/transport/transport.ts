import type { AppEvent } from '../../shared/contract/event.ts'
import type { Call, Output, RequestName } from '../../shared/contract/index.ts'
import type { CallOf, OutputOf } from '../../shared/contract/define.ts'
import type { ShellRequestName, ShellRequests } from '../../shared/contract/shell.ts'
import type { Result } from '../../shared/contract/result.ts'

export type LinkState = 'connecting' | 'up' | 'down' | 'refused'

/** A file the core may take once; the page never sees a path. */
export interface FileHandle {
  readonly handle: string
  readonly name: string
  readonly sizeBytes: number
}

/** The page's only way to the core; the same over the preload bridge and over a WebSocket. */
export interface Transport {
  request<N extends RequestName>(name: N, input: Call<N>): Promise<Result<Output<N>>>
  /** Asks the shell this page was opened in, not the core. */
  shell<N extends ShellRequestName>(
    name: N,
    input: CallOf<ShellRequests[N]>,
  ): Promise<Result<OutputOf<ShellRequests[N]>>>
  on(listener: (event: AppEvent) => void): () => void
  /** Calls at once with the present state, then at every change. */
  onLink(listener: (state: LinkState) => void): () => void
  /** The system's file dialog; null when the person cancels. */
  pickFile(accept: readonly string[]): Promise<Result<FileHandle | null>>
  /** A dropped file, streamed to the core. */
  sendFile(file: File): Promise<Result<FileHandle>>
  /** Saves a file the core has made; null when the person closes the dialog. */
  saveFile(handle: string, suggestedName: string): Promise<Result<{ name: string } | null>>
}

let current: Transport | null = null

export function setTransport(transport: Transport): void {
  current = transport
}

/** @throws Error before the page has connected: a programmer error. */
export function transport(): Transport {
  if (!current) throw new Error('transport used before it was set')
  return current
}
