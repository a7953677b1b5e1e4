import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { app } from 'electron'
import type { Log } from '../core/services.ts'

/** The feed the packager writes beside the app when one is configured; without it nothing is ever contacted. */
const FEED_FILE = 'app-update.yml'

/** Looks for a new version once per launch, if this build has an update feed. Never disturbs the work. */
export async function startUpdater(log: Log, onReady: () => void): Promise<boolean> {
  if (!app.isPackaged || !existsSync(join(process.resourcesPath, FEED_FILE))) return false
  const { default: module } = await import('electron-updater')
  const { autoUpdater } = module
  autoUpdater.autoInstallOnAppQuit = true
  autoUpdater.on('error', (error) => log.warn('update check failed', { error: String(error) }))
  autoUpdater.on('update-downloaded', onReady)
  await autoUpdater.checkForUpdates().catch(() => undefined)
  return true
}
