// An author gives a gateway listeners on the topology, without a line of YAML: HTTPS that asks its clients for certificates, plain HTTP that is
// sent on to it, and one that is taken back. What is wrong stands at its field. It leaves the draft as it found it.
import type { Page } from "playwright/test";
import { expectSaved } from "./canvas";
import { GUISES, turn } from "./guises";
import { test } from "./journey";
import { expect, expectSoundScreen, signIn } from "./meshwright";
import { subject } from "./subject";

const MESH = "/api/v1/meshes/shop";
const GATEWAY = "Gateway/production/shop-gateway";

type Listener = { name: string; port: number; protocol: string; hosts: string[] };

test("listeners of a gateway are drawn by a form, and taken back", { tag: "@once" }, async ({ page }) => {
  page.setDefaultTimeout(15_000);
  await signIn(page);
  const { text } = await (await page.request.get(`${MESH}/export?at=draft&format=yaml`)).json();
  const drawn = async (): Promise<Listener[]> => {
    await expectSaved(page);
    const { items } = await (await page.request.get(`${MESH}/draft`))
      .json()
      .then(({ document }) => ({ items: document.objects }));
    return items.find(
      ({ kind, metadata }: { kind: string; metadata: { name: string } }) =>
        kind === "Gateway" && metadata.name === "shop-gateway",
    ).spec.listeners;
  };
  await page.goto(`/meshes/shop/topology?sel=${GATEWAY}`);
  const [first] = await drawn();
  const name = first?.name ?? "";
  const plain = page.getByRole("article", { name: `Listener ${name}`, exact: true });
  const secure = page.getByRole("article", { name: "Listener https", exact: true });

  await test.step("HTTPS comes with what it needs: a free port and the name of a certificate", async () => {
    await add(page, "https: TLS ends here");
    await expect(secure.getByRole("textbox", { name: "Port" })).toHaveValue("443");
    await expect(secure.getByRole("textbox", { name: "Certificate", exact: true })).toHaveValue("https");
    await expect(secure).toContainText("missing");
    expect((await drawn()).at(-1)).toEqual({
      ...{ name: "https", port: 443, protocol: "https", hosts: ["*"] },
      tls: { certificate: "https" },
    });
  });

  await test.step("what the model refuses stays as it was typed, with the reason at its field", async () => {
    const port = secure.getByRole("textbox", { name: "Port" });
    await port.fill("70000");
    await port.blur();
    await expect(secure.getByText("Must be a port from 1 to 65535.")).toBeVisible();
    await expect(port).toHaveAttribute("aria-invalid", "true");
    await expect(port).toHaveValue("70000");
    await port.press("Escape");
    await expect(port).toHaveValue("443");
    // It fits by itself, and not beside the other listener: in the draft, and told.
    await port.fill(String(first?.port));
    await port.blur();
    await expect(
      secure.getByText(`Uses port ${first?.port} with another protocol than the listener before.`),
    ).toBeVisible();
    await port.fill("8443");
    await port.blur();
    await expect(secure.getByText("with another protocol")).toHaveCount(0);
    expect((await drawn()).at(-1)).toMatchObject({ port: 8443 });
  });

  await test.step("clients are asked for certificates with names, and plain HTTP is sent on", async () => {
    await secure.getByRole("combobox", { name: "Certificates of clients" }).click();
    await page.getByRole("option", { name: "required" }).click();
    const names = secure.getByRole("combobox", { name: "Names of clients" });
    await names.fill("spiffe://partners.example/one");
    await names.press("Enter");
    const certificate = secure.getByRole("textbox", { name: "Certificate", exact: true });
    await certificate.fill("shop");
    await certificate.press("Enter");
    const opener = plain.getByRole("button", { name: new RegExp(`^${name}`) });
    if ((await opener.getAttribute("aria-expanded")) === "false") await opener.click();
    await plain.getByRole("switch", { name: "Send plain HTTP on to HTTPS" }).click();
    await expect(plain.getByText("Answered 301, to port 8443.")).toBeVisible();
    const listeners = await drawn();
    expect(listeners[0]).toMatchObject({ httpsRedirect: true });
    expect(listeners.at(-1)).toMatchObject({
      tls: { certificate: "shop", clients: { mode: "required", names: ["spiffe://partners.example/one"] } },
    });
  });

  await test.step("a text that is half typed stays on every size of the window", async () => {
    const hosts = secure.getByRole("combobox", { name: "Hosts" });
    await hosts.fill("half.exam");
    for (const guise of GUISES) {
      await turn(page, guise);
      await expect(hosts).toHaveValue("half.exam");
      await expectSoundScreen(page);
    }
    await hosts.fill("");
    await turn(page, GUISES[0]);
  });

  await test.step("another protocol takes the certificate away; a removed listener comes back with undo", async () => {
    const before = await drawn();
    await secure.getByRole("combobox", { name: "Protocol", exact: true }).click();
    await page.getByRole("option", { name: /^tls/ }).click();
    await expect(secure.getByRole("textbox", { name: "Certificate", exact: true })).toHaveCount(0);
    expect((await drawn()).at(-1)).not.toHaveProperty("tls");
    await page.getByRole("button", { name: "Remove listener https", exact: true }).click();
    await expect(secure).toContainText("Remove https? * will not be served at port 8443 any more.");
    await secure.getByRole("button", { name: "Remove it" }).click();
    await expect(secure).toHaveCount(0);
    await expect(page.getByRole("button", { name: `Remove listener ${name}`, exact: true })).toBeDisabled();
    expect(await drawn()).toHaveLength(before.length - 1);
    await page.getByRole("button", { name: "Undo (Ctrl Z)" }).click();
    await expect(secure).toHaveCount(1);
    await page.getByRole("button", { name: "Undo (Ctrl Z)" }).click();
    await expect(secure.getByRole("textbox", { name: "Certificate", exact: true })).toHaveValue("shop");
    expect(await drawn()).toEqual(before);
  });

  const headers = { origin: new URL(subject().url).origin, "if-match": "*" };
  await page.request.put(`${MESH}/draft`, { headers, data: { text } });
});

async function add(page: Page, protocol: string): Promise<void> {
  await page.getByRole("button", { name: "Add a listener" }).click();
  await page.getByRole("menuitem", { name: protocol }).click();
}
