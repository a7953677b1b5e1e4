import type { AppEvent } from '../../shared/contract/event.ts'
import { fail, type Result } from '../../shared/contract/result.ts'
import { uploadFile } from './files.ts'
import type { Transport } from './transport.ts'

/** What the preload script exposes: one object with two functions. */
export interface Bridge {
  request(name: string, input: unknown): Promise<unknown>
  on(listener: (event: AppEvent) => void): () => void
}

declare global {
  interface Window {
    readonly chanbo?: Bridge
  }
}

export function createWindowTransport(bridge: Bridge): Transport {
  const call = <T>(name: string, input: unknown): Promise<Result<T>> =>
    (bridge.request(name, input) as Promise<Result<T>>).catch(() => fail('connection-lost'))
  return {
    request: (name, input) => call(name, input),
    shell: (name, input) => call(name, input),
    on: (listener) => bridge.on(listener),
    onLink(listener) {
      listener('up')
      return () => undefined
    },
    pickFile: (accept) => call('shell/pickFile', { accept }),
    sendFile: uploadFile,
    saveFile: (handle, suggestedName) => call('shell/saveFile', { handle, suggestedName }),
  }
}
