import { html, nothing, type TemplateResult } from 'lit-html';
import { formatBytes } from '../../src/shared/bytes.ts';
import { AWS_UNITS, slimmedText, type ImageFacts } from '../../src/shared/report-page.ts';
import { actionButton, bar, type Shown } from './parts.ts';

/** Packages below this are told together. */
const SMALL_BYTES = 1e6;

export function imageReport(name: string, image: ImageFacts, shown: Shown): TemplateResult {
  const { locale, ask } = shown;
  const { bytes, leftBytes, zip, verdict, why } = image;
  const of = (part: number, whole: number): string => `${formatBytes(part, locale)} of ${formatBytes(whole, locale)}`;
  return html`<header>
      <h1>Image of ${name}</h1>
      <div class="commands">
        ${actionButton('Open Dockerfile', 'go-to-file', () => ask('dockerfile'))}
        ${actionButton('Memory Sweep', 'graph', () => ask('sweep'))}
      </div>
    </header>
    <p class="muted">${image.reference} · <code>${image.id.slice(0, 19)}</code></p>
    <table class="limits">
      <caption class="hidden">
        Distance to AWS Lambda's limits
      </caption>
      <tbody>
        <tr>
          <th scope="row">Image</th>
          <td class="number">${of(bytes, bytes + leftBytes)}</td>
          <td class="wide">${bar(bytes / (bytes + leftBytes))}</td>
        </tr>
        <tr>
          <th scope="row">As a zip, unpacked</th>
          <td class="number">${of(zip.bytes, zip.limitBytes)}</td>
          <td class="wide">${bar(zip.bytes / zip.limitBytes)}</td>
        </tr>
      </tbody>
    </table>
    <p class="muted small">${AWS_UNITS}</p>
    <p class="verdict">
      <i class="codicon codicon-${verdict === 'zip' ? 'file-zip' : 'package'}" aria-hidden="true"></i>
      <span><b>${verdict === 'zip' ? 'A zip could hold it.' : 'It needs a container.'}</b> ${why}</span>
    </p>
    <section aria-label="Layers">
      <h2>Layers</h2>
      ${layers(image, shown)}
    </section>
    <section aria-label="Packages">
      <h2>Packages</h2>
      ${packages(image, shown)}
    </section>
    ${slimming(image, shown)}`;
}

function layers({ layers: all, bytes }: ImageFacts, { locale }: Shown): TemplateResult {
  return html`<table>
    <tbody>
      ${all.map(
        (layer) =>
          html`<tr>
            <th scope="row">${layer.title}</th>
            <td class="number">${formatBytes(layer.bytes, locale)}</td>
            <td class="wide">${bar(layer.bytes / bytes)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function packages({ packages: all }: ImageFacts, { locale, format }: Shown): TemplateResult {
  const small = all.filter((one) => one.bytes < SMALL_BYTES && one.zip === undefined);
  const total = all.reduce((sum, one) => sum + one.bytes, 0);
  const row = (what: unknown, bytes: number, zip?: string): TemplateResult =>
    html`<tr>
      <th scope="row">${what}${zip === undefined ? nothing : html`<div class="muted small">No zip: ${zip}</div>`}</th>
      <td class="number">${formatBytes(bytes, locale)}</td>
      <td class="wide">${bar(bytes / total)}</td>
    </tr>`;
  return html`<table class="packages">
    <tbody>
      ${all
        .filter((one) => !small.includes(one))
        .map((one) => row(html`${one.name} <span class="muted">${one.version}</span>`, one.bytes, one.zip))}
      ${
        small.length === 0
          ? nothing
          : row(
              `${format.count(small.length)} smaller ones`,
              small.reduce((sum, one) => sum + one.bytes, 0),
            )
      }
    </tbody>
  </table>`;
}

function slimming({ slimming: steps }: ImageFacts, { locale }: Shown): TemplateResult | typeof nothing {
  if (steps.length === 0) return nothing;
  const saved = steps.reduce((sum, one) => sum + (one.kept ? one.before - one.after : 0), 0);
  const before = Math.max(...steps.map((one) => one.before));
  return html`<section aria-label="Left out">
    <h2>Left out: ${formatBytes(saved, locale)}</h2>
    <table>
      <tbody>
        ${steps.map(
          (one) =>
            html`<tr>
              <th scope="row">
                ${slimmedText(one.step)}${one.kept ? nothing : html`<div class="muted small">stays: ${one.why}</div>`}
              </th>
              <td class="number">${one.kept ? formatBytes(one.before - one.after, locale) : '–'}</td>
              <td class="wide">${one.kept ? bar((one.before - one.after) / before) : nothing}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </section>`;
}
