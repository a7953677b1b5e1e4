import { Menu, shell } from 'electron'
import type { MenuItemConstructorOptions } from 'electron'
import type { ShellTexts } from './texts.ts'

function buildTemplate(t: ShellTexts, dataDir: string): MenuItemConstructorOptions[] {
  const isMac = process.platform === 'darwin'
  const openDataFolder: MenuItemConstructorOptions = {
    id: 'data-folder',
    label: t.dataFolder,
    click: () => void shell.openPath(dataDir),
  }
  return [
    ...(isMac ? [{ role: 'appMenu' } as const] : []),
    {
      id: 'file',
      label: t.file,
      submenu: [
        openDataFolder,
        { type: 'separator' },
        isMac ? { role: 'close', label: t.close } : { role: 'quit', label: t.quit },
      ],
    },
    {
      id: 'edit',
      label: t.edit,
      submenu: [
        { role: 'undo', label: t.undo },
        { role: 'redo', label: t.redo },
        { type: 'separator' },
        { role: 'cut', label: t.cut },
        { role: 'copy', label: t.copy },
        { role: 'paste', label: t.paste },
        { role: 'selectAll', label: t.selectAll },
      ],
    },
    {
      id: 'view',
      label: t.view,
      submenu: [
        { role: 'reload', label: t.reload },
        { type: 'separator' },
        { role: 'resetZoom', label: t.zoomReset },
        { role: 'zoomIn', label: t.zoomIn },
        { role: 'zoomOut', label: t.zoomOut },
        { type: 'separator' },
        { role: 'togglefullscreen', label: t.fullScreen },
      ],
    },
    {
      id: 'window',
      label: t.window,
      submenu: [
        { role: 'minimize', label: t.minimize },
        { role: 'close', label: t.close },
      ],
    },
  ]
}

export function setMenu(texts: ShellTexts, dataDir: string): void {
  Menu.setApplicationMenu(Menu.buildFromTemplate(buildTemplate(texts, dataDir)))
}
