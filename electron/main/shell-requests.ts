import { copyFile, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import { Notification, app, dialog } from 'electron'
import type { BrowserWindow } from 'electron'
import { Refusal, fail, ok } from '../../shared/contract/result.ts'
import type { Result } from '../../shared/contract/result.ts'
import { SHELL_CONTRACT } from '../../shared/contract/shell.ts'
import type { ShellInfo } from '../../shared/contract/shell.ts'
import { cleanFileName, receiveFile } from '../core/shell/files.ts'
import type { CorePort } from '../core/shell/port.ts'
import { answerJson } from './protocol.ts'
import type { ShellTexts } from './texts.ts'

const MAX_DROPPED_BYTES = 512 * 1024 * 1024

export interface ShellContext {
  core: CorePort
  window: BrowserWindow
  texts: ShellTexts
  openedMs: number
}

/** Answers `shell/*` requests: what only the shell can do. The page gets handles and names, never a path. */
export async function answerShell(name: string, input: unknown, ctx: ShellContext): Promise<Result<unknown>> {
  switch (name) {
    case 'shell/info':
      return ok(describe(ctx))
    case 'shell/pickFile': {
      const call = SHELL_CONTRACT[name].input.safeParse(input)
      return call.success ? pickFile(call.data.accept, ctx) : fail('bad-input')
    }
    case 'shell/saveFile': {
      const call = SHELL_CONTRACT[name].input.safeParse(input)
      return call.success ? saveFile(call.data.handle, call.data.suggestedName, ctx) : fail('bad-input')
    }
    case 'shell/notify': {
      const call = SHELL_CONTRACT[name].input.safeParse(input)
      return call.success ? notify(call.data, ctx) : fail('bad-input')
    }
    default:
      return fail('unknown-request', { name })
  }
}

function describe(ctx: ShellContext): ShellInfo {
  const connection = { label: 'window', address: '', sinceMs: ctx.openedMs, remote: false, personName: null }
  return { kind: 'window', remote: false, lan: null, connections: [connection] }
}

async function pickFile(accept: readonly string[], ctx: ShellContext): Promise<Result<unknown>> {
  const extensions = accept.map((extension) => extension.replace(/^\./, ''))
  const filters = extensions.length > 0 ? [{ name: ctx.texts.table, extensions }] : []
  const choice = await dialog.showOpenDialog(ctx.window, {
    properties: ['openFile'],
    filters: [...filters, { name: ctx.texts.allFiles, extensions: ['*'] }],
  })
  const path = choice.filePaths[0]
  if (choice.canceled || path === undefined) return ok(null)
  const info = await stat(path).catch(() => null)
  if (!info?.isFile()) return fail('file-gone', { name: basename(path) })
  const name = cleanFileName(basename(path))
  const handle = ctx.core.registerFile({ path, name, sizeBytes: info.size, ephemeral: false })
  return ok({ handle, name, sizeBytes: info.size })
}

async function saveFile(handle: string, suggestedName: string, ctx: ShellContext): Promise<Result<unknown>> {
  const choice = await dialog.showSaveDialog(ctx.window, {
    defaultPath: join(app.getPath('downloads'), cleanFileName(suggestedName)),
  })
  const file = ctx.core.takeFile(handle)
  if (!file) return fail('file-gone', { name: suggestedName })
  try {
    if (choice.canceled || !choice.filePath) return ok(null)
    await copyFile(file.path, choice.filePath)
    return ok({ name: basename(choice.filePath) })
  } catch (error) {
    const isFull = (error as NodeJS.ErrnoException).code === 'ENOSPC'
    return fail(isFull ? 'store-full' : 'store-read-only')
  } finally {
    await rm(file.path, { force: true })
  }
}

function notify(text: { title: string; body: string }, ctx: ShellContext): Result<null> {
  if (Notification.isSupported() && !ctx.window.isFocused()) {
    const notification = new Notification({ ...text, silent: true })
    notification.on('click', () => ctx.window.show())
    notification.show()
  }
  return ok(null)
}

/** Takes a file dropped on the page, which arrives as `POST app://chanbo/files`. */
export async function receiveDropped(
  request: Request,
  name: string,
  core: CorePort,
  incomingDir: string,
): Promise<Response> {
  if (!request.body) return answerJson(400, fail('bad-input'))
  try {
    const source = Readable.fromWeb(request.body)
    return answerJson(
      200,
      await receiveFile(source, name, { core, incomingDir, maxBytes: MAX_DROPPED_BYTES }),
    )
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return answerJson(error.error.code === 'store-full' ? 507 : 413, { ok: false, error: error.error })
  }
}
