// An operator gives a gateway's listener a port of the machine: refused with the reason, saved, read again, and taken back.
import { test } from "./journey";
import { expect, expectSoundScreen, signIn } from "./meshwright";
import { subject } from "./subject";

const MESH = "/api/v1/meshes/shop";
const GATEWAY = "Gateway/production/shop-gateway";

test("a listener of a gateway gets a port of its own in the environment", { tag: "@once" }, async ({ page }) => {
  await signIn(page);
  const headers = { origin: new URL(subject().url).origin, "if-match": "*" };
  const { text } = await (await page.request.get(`${MESH}/export?at=draft&format=yaml`)).json();
  const listener = { name: "secure", port: 9443, protocol: "tls", hosts: ["*.example.com"] };
  const commands = [{ type: "patchSpec", key: GATEWAY, path: ["listeners", 1], value: listener }];
  await page.request.post(`${MESH}/draft/commands`, { headers, data: { commands, clientId: "gateway-ports" } });
  const bound = async () => {
    const { binding } = await (await page.request.get(`${MESH}/environments/local/binding`)).json();
    return binding.gateways.find(({ name }: { name: string }) => name === "shop-gateway")?.listenerPorts;
  };

  await page.goto(`/meshes/shop/topology?sel=${GATEWAY}`);
  const port = page.getByRole("textbox", { name: "Port of listener secure" });
  const save = page.getByRole("button", { name: "Save the ports" });
  await port.fill("70000");
  await expect(page.getByText("A port is from 1 to 65535.")).toBeVisible();
  await expect(port).toHaveAttribute("aria-invalid", "true");
  await expect(save).toBeDisabled();
  await expectSoundScreen(page);

  await port.fill("9443");
  await save.click();
  await expect(page.getByText("Saved. It takes effect with the next deployment.")).toBeVisible();
  expect(await bound()).toEqual({ secure: 9443 });
  await page.reload();
  await expect(port).toHaveValue("9443");

  await port.fill("");
  await save.click();
  await expect(page.getByText("Saved. It takes effect with the next deployment.")).toBeVisible();
  expect(await bound()).toBeUndefined();
  await page.request.put(`${MESH}/draft`, { headers, data: { text } });
});
