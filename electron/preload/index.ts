import { contextBridge, ipcRenderer } from 'electron'
import type { AppEvent } from '../../shared/contract/event.ts'

/** The page's whole world outside itself: ask, and be told. The channel names stay in here. */
contextBridge.exposeInMainWorld('chanbo', {
  request: (name: string, input: unknown): Promise<unknown> =>
    ipcRenderer.invoke('chanbo:request', name, input),
  on(listener: (event: AppEvent) => void): () => void {
    const forward = (_event: unknown, payload: AppEvent) => listener(payload)
    ipcRenderer.on('chanbo:event', forward)
    return () => {
      ipcRenderer.removeListener('chanbo:event', forward)
    }
  },
})
