import { fail, ok, type Result } from '../../shared/contract/result.ts'
import type { FileHandle } from './transport.ts'

/** Streams a file to the shell, which keeps it under a one-time handle. */
export async function uploadFile(file: File): Promise<Result<FileHandle>> {
  try {
    const answer = await fetch(`/files?name=${encodeURIComponent(file.name)}`, {
      method: 'POST',
      body: file,
      headers: { 'content-type': 'application/octet-stream' },
    })
    if (answer.status === 413) return fail('file-too-large', { name: file.name })
    if (answer.status === 507) return fail('store-full')
    if (!answer.ok) return fail('file-gone', { name: file.name })
    const { handle } = (await answer.json()) as { handle: string }
    return ok({ handle, name: file.name, sizeBytes: file.size })
  } catch {
    return fail('connection-lost')
  }
}

/** Opens the browser's file dialog; null when it is closed without a choice. */
export function chooseFile(accept: readonly string[]): Promise<File | null> {
  return new Promise((resolve) => {
    const input = document.createElement('input')
    input.type = 'file'
    input.accept = accept.join(',')
    input.addEventListener('change', () => resolve(input.files?.[0] ?? null))
    input.addEventListener('cancel', () => resolve(null))
    input.click()
  })
}

export function downloadFile(handle: string, suggestedName: string): void {
  const link = document.createElement('a')
  link.href = `/files/${encodeURIComponent(handle)}`
  link.download = suggestedName
  link.click()
}
