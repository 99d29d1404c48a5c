class RemindJob < ApplicationJob
end
