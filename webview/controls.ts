import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodePanels,
  vsCodePanelTab,
  vsCodePanelView,
  vsCodeProgressRing,
} from '@vscode/webview-ui-toolkit';

/**
 * The one file that knows the toolkit; only the elements that the page uses are registered, and elements.ts draws them.
 * Text boxes and choices are the browser's own: in the toolkit's, `dir="auto"`, `aria-describedby` and (for its
 * dropdown) `<label for>` do not reach the control inside the shadow tree.
 */
export function registerControls(): void {
  provideVSCodeDesignSystem().register(
    vsCodeButton(),
    vsCodePanels(),
    vsCodePanelTab(),
    vsCodePanelView(),
    vsCodeProgressRing(),
  );
}
