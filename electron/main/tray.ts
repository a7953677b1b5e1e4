import { Menu, Tray, app, nativeImage } from 'electron'
import type { ShellTexts } from './texts.ts'

/** A tray icon that brings the window back. The caller keeps it: an unreferenced tray is collected and vanishes. */
export function makeTray(iconFile: string, texts: ShellTexts, show: () => void): Tray | null {
  const icon = nativeImage.createFromPath(iconFile)
  if (icon.isEmpty()) return null
  const tray = new Tray(icon.resize({ width: 18, height: 18 }))
  tray.setToolTip('Chanbo')
  tray.setContextMenu(
    Menu.buildFromTemplate([
      { id: 'show', label: texts.show, click: show },
      { id: 'quit', label: texts.quit, click: () => app.quit() },
    ]),
  )
  tray.on('click', show)
  return tray
}
