// Writes what CDK and cdk-nag say of the templates in a folder: node cdk_nag.js FOLDER ASSEMBLY
//
// One app with a stack for each template, which CfnInclude reads. The packs are plugins of CDK's own validation, so what
// CDK itself says is in the same report, ASSEMBLY/validation-report.json. What CDK refuses is in refused.json.
const fs = require('fs');
const path = require('path');
const { App, Stack, Validations } = require('aws-cdk-lib');
const { CfnInclude } = require('aws-cdk-lib/cloudformation-include');
const { AwsSolutionsChecks, NagMessageLevel, NagPack, NagRuleCompliance, ServerlessChecks, rules } = require('cdk-nag');

// Rules that are in no pack: https://github.com/cdklabs/cdk-nag/blob/main/RULES.md#additional-rules
class AdditionalChecks extends NagPack {
  constructor(app) {
    super(app);
    this.name = this.packName = 'Additional';
  }

  checkResource(node) {
    for (const rule of [rules.lambda.LambdaEventSourceSQSVisibilityTimeout, rules.lambda.LambdaFunctionUrlAuth]) {
      this.applyRule({ rule, node, info: rule.name, explanation: rule.name, level: NagMessageLevel.ERROR });
    }
  }
}

// A rule that throws is a finding for cdk-nag; here it finds nothing.
const calm = (Pack) =>
  class extends Pack {
    applyRule(applied) {
      const rule = (node) => {
        try {
          return applied.rule(node);
        } catch {
          return NagRuleCompliance.NOT_APPLICABLE;
        }
      };
      super.applyRule({ ...applied, rule: Object.defineProperty(rule, 'name', { value: applied.rule.name }) });
    }
  };

const [, , folder, outdir] = process.argv;
const app = new App({ outdir, analyticsReporting: false, treeMetadata: false });
const refused = {};
for (const file of fs.readdirSync(folder)) {
  const name = path.basename(file, '.json');
  // CDK has its own rules for the names of stacks; the construct has the template's.
  const stack = new Stack(app, name, { stackName: name.replace(/[^A-Za-z0-9]+/g, '-') });
  try {
    new CfnInclude(stack, 'template', { templateFile: path.join(folder, file) });
    // What CDK finds wrong only when it writes the template would end the whole run.
    stack.resolve(stack._toCloudFormation());
  } catch (error) {
    refused[name] = error.message.split('\n')[0];
    app.node.tryRemoveChild(name);
  }
}
const packs = [AwsSolutionsChecks, ServerlessChecks, AdditionalChecks].map(calm);
Validations.of(app).addPlugins(...packs.map((Pack) => new Pack(app)));
const report = path.join(outdir, 'validation-report.json');
try {
  app.synth();
} catch (error) {
  // That there are findings is an error for CDK, after it wrote its report.
  if (!fs.existsSync(report)) {
    throw error;
  }
}
fs.writeFileSync(path.join(outdir, 'refused.json'), JSON.stringify(refused));
