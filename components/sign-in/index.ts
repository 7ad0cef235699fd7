export { AcceptInvite } from "./accept-invite";
export { SignIn } from "./sign-in";
