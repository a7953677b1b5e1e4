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
    if (!answer.ok) return (await answer.json()) as Result<never>
    return ok((await answer.json()) as FileHandle)
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
